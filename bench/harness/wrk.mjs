// One slice of HTTP load by wrk, with one of the Lua scripts beside this file.
import { run } from "./processes.mjs";

const script = (name) => new URL(`./${name}.lua`, import.meta.url).pathname;

/** `variables` reach the Lua script as environment variables BENCH_…. */
export async function load(name, url, { connections, seconds, token, variables = {} }) {
  const env = { BENCH_TOKEN: token };
  for (const [key, value] of Object.entries(variables)) env[`BENCH_${key.toUpperCase()}`] = String(value);
  const output = await run(
    "wrk",
    ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "-s", script(name), url],
    { env },
  );
  const result = JSON.parse(output.slice(output.lastIndexOf("\n{")));
  if (result.failed > 0) throw new Error(`${url}: ${result.failed} of ${result.requests} requests failed`);
  return result;
}
