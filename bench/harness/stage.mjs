// Everything a benchmark needs, on loopback and unix sockets: Showrunner, PostgreSQL as it starts its
// own, a database of the same schema and rows for each peer in that cluster, and the Express peer.
import { spawn } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import { Service, cpuSeconds, cpuSecondsOfFamily, run } from "./processes.mjs";

const program = new URL("../../build/release/showrunner", import.meta.url).pathname;
const peerProgram = new URL("../peers/express_server.mjs", import.meta.url).pathname;
const admin = { email: "bench@example.com", password: randomBytes(12).toString("hex") };

/** Rows that are there before anything is measured; ids and times in order, as they would be. */
export const seedRows = 10_000;

export function seedId(row) {
  return `00000000-0000-0000-0000-${String(row).padStart(12, "0")}`;
}

const seedSql = `
  INSERT INTO episodes (id, show_id, season_number, episode_number, title, description, air_date, categories,
                        metadata, created_at, created_by, updated_at, updated_by)
  SELECT lpad(n::text, 32, '0')::uuid, s.id, n / 100, n % 100, 'The One Where It All Begins, Part ' || n,
         repeat('A description of ordinary length. ', 6), '2026-01-31', '{drama,mystery}',
         '{"director": "A. Nother", "runtime": 42}', t, NULL, t, NULL
  FROM generate_series(1, ${seedRows}) n, shows s, LATERAL (SELECT now() - interval '1 day' + n * interval '1 s' AS t) AS times;`;

const isCaughtUpSql = `
  SELECT NOT EXISTS (SELECT FROM consumers c WHERE EXISTS
                     (SELECT FROM events e WHERE (e.txid, e.seq) > (c.txid, c.seq)))`;

const patienceMs = 60_000;

/**
 * The private PostgreSQL that Showrunner would start, with its very arguments, but with connections
 * enough for pgbench too.
 */
export async function startPostgres(folder) {
  const server = await Service.start(program, ["serve", "--listen", "127.0.0.1:0", "--data-dir", folder], {
    SHOWRUNNER_ADMIN_EMAIL: admin.email,
    SHOWRUNNER_ADMIN_PASSWORD: admin.password,
    DATABASE_URL: "",
  });
  const cluster = `${folder}/postgres`;
  const postmaster = readFileSync(`${cluster}/postmaster.pid`, "utf8").split("\n");
  const [command, ...args] = readFileSync(`/proc/${postmaster[0]}/cmdline`, "utf8").split("\0").slice(0, -1);
  await server.stop();
  const { uid, gid } = statSync(cluster);
  const log = openSync(`${folder}/postgres.log`, "a");
  const child = spawn(command, [...args, "-c", "max_connections=200"], { uid, gid, cwd: "/", stdio: ["ignore", log, log] });
  const ended = new Promise((resolve) => child.on("close", resolve));
  return { process: child, ended, socketFolder: postmaster[4] };
}

export class Stage {
  static async set() {
    const folder = mkdtempSync("/var/tmp/showrunner-bench-");
    chmodSync(folder, 0o711); // PostgreSQL's account must be able to pass.
    const stage = new Stage(folder, await startPostgres(folder));
    try {
      await stage.fill();
    } catch (error) {
      await stage.strike();
      throw error;
    }
    return stage;
  }

  constructor(folder, postgres) {
    this.folder = folder;
    this.postgres = postgres;
    this.files = `${folder}/server`;
    this.databaseEnv = { PGHOST: postgres.socketFolder, PGUSER: "showrunner", PGOPTIONS: "" };
  }

  async fill() {
    const patienceEnds = Date.now() + patienceMs;
    while (!(await this.psql("postgres", "SELECT").then(() => true, () => false))) {
      if (Date.now() > patienceEnds) throw new Error(`PostgreSQL does not start: ${this.postgresLog.slice(-2000)}`);
      await pause(50);
    }
    await this.addDatabase("pgbench");
    await this.addDatabase("peer");
    for (const database of ["showrunner", "pgbench", "peer"]) {
      await this.psql(database, seedSql);
      await this.psql(database, "VACUUM ANALYZE");
    }
    const database = (name) => `postgresql:///${name}?host=${this.postgres.socketFolder}&user=showrunner`;
    this.server = await Service.start(program, ["serve", "--listen", "127.0.0.1:0", "--data-dir", this.files], {
      DATABASE_URL: database("showrunner"),
    });
    this.peerSecret = randomBytes(32).toString("hex");
    this.peer = await Service.start(process.execPath, [peerProgram], {
      NODE_ENV: "production",
      DATABASE_URL: database("peer"),
      JWT_SECRET: this.peerSecret,
    });
  }

  async strike() {
    await this.peer?.stop();
    await this.server?.stop();
    this.postgres.process.kill("SIGINT");
    await this.postgres.ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  psql(database, sql) {
    return run("psql", ["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database], { input: sql, env: this.databaseEnv });
  }

  async addDatabase(name) {
    await this.psql("postgres", `CREATE DATABASE ${name}`);
    const dump = await run("pg_dump", ["-d", "showrunner"], { env: this.databaseEnv });
    await this.psql(name, dump);
  }

  get postgresLog() {
    return readFileSync(`${this.folder}/postgres.log`, "utf8");
  }

  /** What the next measurement must not pay for: this one's rows on their way to disk and readers. */
  async settle() {
    const patienceEnds = Date.now() + patienceMs;
    while ((await this.psql("showrunner", isCaughtUpSql)).trim() !== "t") {
      if (Date.now() > patienceEnds) throw new Error("the server's consumers do not catch up");
      await pause(20);
    }
  }

  async signIn() {
    const response = await fetch(`${this.server.url}/api/v1/auth/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(admin),
    });
    if (!response.ok) throw new Error(`signing in: ${response.status}`);
    const { data } = await response.json();
    this.user = data.user;
    return data.access_token;
  }

  /** As the server's: HS256, the same claims. */
  peerToken() {
    const now = Math.floor(Date.now() / 1000);
    const claims = { sub: this.user.id, name: this.user.name, sid: this.user.id, iat: now, exp: now + 900 };
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
    return `${signed}.${createHmac("sha256", this.peerSecret).update(signed).digest("base64url")}`;
  }

  cpu() {
    return {
      server: cpuSeconds(this.server.pid),
      peer: cpuSeconds(this.peer.pid),
      postgres: cpuSecondsOfFamily(this.postgres.process.pid),
    };
  }
}
