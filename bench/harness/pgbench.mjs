// pgbench with the statement that the server runs for POST /episodes: as PostgreSQL saw it, with the
// parameters it came with.
import { writeFileSync } from "node:fs";

import { run } from "./processes.mjs";

/** Has PostgreSQL log one request's statement; the text and the parameters are the server's own. */
export async function captureInsert(stage, token) {
  await stage.psql("postgres", "ALTER SYSTEM SET log_statement = 'all'");
  await stage.psql("postgres", "SELECT pg_reload_conf()");
  let found;
  for (let number = 1; !found && number < 100; ++number) {
    const response = await fetch(`${stage.server.url}/api/v1/episodes`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
      body: JSON.stringify({
        season_number: 99_999,
        episode_number: number,
        title: "The One Where It All Begins",
        description: "A description of ordinary length. ".repeat(6),
        air_date: "2026-01-31",
        categories: ["drama", "mystery"],
        metadata: { director: "A. Nother", runtime: 42 },
      }),
    });
    if (response.status !== 201) throw new Error(`POST /episodes: ${response.status}`);
    found = /execute insert_episode#\d+: (.*)\n.*DETAIL: {2}parameters: (.*)\n/.exec(stage.postgresLog);
  }
  await stage.psql("postgres", "ALTER SYSTEM RESET log_statement");
  await stage.psql("postgres", "SELECT pg_reload_conf()");
  if (!found) throw new Error("PostgreSQL did not log the insert");
  return { sql: found[1], parameters: parseParameters(found[2]) };
}

/** `$1 = 'text', $2 = NULL` → [undefined, "text", null] */
function parseParameters(text) {
  const parameters = [undefined];
  for (const [, number, value] of text.matchAll(/\$(\d+) = (NULL|'(?:[^']|'')*')/g)) {
    parameters[Number(number)] = value === "NULL" ? null : value.slice(1, -1).replaceAll("''", "'");
  }
  return parameters;
}

/**
 * The captured statement as a pgbench script. Ids and the episode's number must differ from run to
 * run: pgbench computes numbers only, so the ids are cast from one, a little extra work. They ascend
 * over all clients, as the server's time-ordered ids do.
 */
export function writeScript(path, { sql, parameters }) {
  const columns = /INSERT INTO episodes \(([^)]*)\)/.exec(sql)[1].split(", ");
  const values = /VALUES \(([^)]*)\)/.exec(sql)[1].split(", ");
  const parameterOf = (column) => Number(values[columns.indexOf(column)].slice(1));
  const id = parameters[parameterOf("id")];
  const eventId = JSON.parse(parameters.findLast((each) => each?.startsWith("{") && each.includes(id))).id;
  const fixed = [];
  const text = sql.replace(/\$(\d+)/g, (_, digits) => {
    const number = Number(digits);
    const value = parameters[number];
    if (value === null) return "NULL";
    if (value === id || value === eventId) return "lpad(:id::text, 32, '0')::uuid";
    if (number === parameterOf("season_number")) return ":season";
    if (number === parameterOf("episode_number")) return ":number";
    if (!fixed.includes(number)) fixed.push(number);
    return `:p${number}`;
  });
  const script = [
    "\\set n :n + :clients",
    "\\set number :n + :client_id",
    "\\set id :season * 10000000 + :number",
    `${text};`,
  ];
  writeFileSync(path, `${script.join("\n")}\n`);
  return fixed.flatMap((number) => ["-D", `p${number}=${parameters[number]}`]);
}

export async function pgbench(stage, script, variables, { connections, seconds, season }) {
  const own = ["-D", "n=0", "-D", `clients=${connections}`, "-D", `season=${season}`];
  const output = await run(
    "pgbench",
    ["-n", "-M", "prepared", `-c${connections}`, `-j${Math.min(connections, 2)}`, `-T${seconds}`, "-f", script, ...own, ...variables, "pgbench"],
    { env: stage.databaseEnv },
  );
  const number = (pattern) => Number(pattern.exec(output)[1]);
  if (number(/failed transactions: (\d+)/) > 0) throw new Error(`pgbench: ${output}`);
  const requests = number(/transactions actually processed: (\d+)/);
  return { requests, seconds: requests / number(/tps = ([\d.]+)/), mean_ms: number(/latency average = ([\d.]+)/) };
}
