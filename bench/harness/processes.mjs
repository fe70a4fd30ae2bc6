// Starting, watching and ending processes; how much processor time each has used.
import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";

const ticksPerSecond = 100; // USER_HZ, the same on every Linux that node runs on
const stopPatienceMs = 15_000;

/** Runs a program to its end; resolves with its standard output. */
export function run(command, args, { input, env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, ...env } });
    let output = "";
    let problem = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (problem = (problem + data).slice(-2000)));
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${command} ended with ${code}: ${problem}`)),
    );
    child.stdin.end(input);
  });
}

/** A server that prints `ready URL`. */
export class Service {
  static async start(command, args, env) {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "ignore"] });
    const ended = new Promise((resolve) => child.on("close", resolve));
    const url = await new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => reject(new Error(`${command} ended with ${code} before it was ready`)));
      createInterface({ input: child.stdout }).on("line", (line) => {
        const ready = /^ready (http\S+)/.exec(line);
        if (ready) resolve(ready[1]);
      });
    });
    return new Service(child, ended, url);
  }

  constructor(child, ended, url) {
    this.child = child;
    this.ended = ended;
    this.url = url;
  }

  get pid() {
    return this.child.pid;
  }

  async stop() {
    this.child.kill("SIGTERM");
    const giveUp = setTimeout(() => this.child.kill("SIGKILL"), stopPatienceMs);
    await this.ended;
    clearTimeout(giveUp);
  }
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // It has ended meanwhile.
  }
}

/** Seconds on a processor, of all threads of a process that is alive. */
export function cpuSeconds(pid) {
  let nanoseconds = 0;
  let threads = [];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return 0;
  }
  for (const thread of threads) {
    nanoseconds += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0]);
  }
  return nanoseconds / 1e9;
}

/** The same for the children that have ended and been waited for. */
export function cpuSecondsOfEnded(pid) {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}

/** A process with its children, the ended ones included: a PostgreSQL cluster. */
export function cpuSecondsOfFamily(pid) {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean);
  return [pid, ...children].reduce((sum, each) => sum + cpuSeconds(each), 0) + cpuSecondsOfEnded(pid);
}
