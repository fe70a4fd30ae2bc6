// `npm install` leaves optional platform packages that the registry lacks out of the lock file without a word, and
// `npm ci` then fails. This finds that, and host names that do not belong in a committed lock file.
import { readFile } from 'node:fs/promises';

const lock = JSON.parse(await readFile(new URL('../package-lock.json', import.meta.url), 'utf8'));
const names = new Set(Object.keys(lock.packages).map((path) => path.split('node_modules/').at(-1)));
const faults = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const name of Object.keys(entry.optionalDependencies ?? {}))
    if (!names.has(name)) faults.push(`${path}: optional dependency ${name} is not in the lock file`);
  if (entry.resolved) faults.push(`${path}: has a resolved address`);
}
for (const fault of faults) console.error(fault);
console.log(`lock file: ${names.size} packages, ${faults.length} faults`);
process.exit(faults.length ? 1 : 0);
