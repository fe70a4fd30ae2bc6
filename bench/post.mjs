// Creating an episode, durably and with its event: Showrunner, the same SQL by pgbench, and Express.
import { compare } from "./harness/slices.mjs";
import { captureInsert, pgbench, writeScript } from "./harness/pgbench.mjs";
import { goal, goalHead, hundredths, table, tenths, whole } from "./harness/table.mjs";
import { load } from "./harness/wrk.mjs";

const pgbenchGoals = { 1: 0.8, 16: 1.0, 64: 1.3 };
const peerGoal = 5;

export async function post(stage, { seconds, rounds, connections }) {
  const token = await stage.signIn();
  const script = `${stage.folder}/insert_episode.sql`;
  const variables = writeScript(script, await captureInsert(stage, token));
  let season = 1000; // Every slice numbers its episodes in a season of its own.
  const subjects = (clients, seconds) => [
    {
      name: "Showrunner",
      process: "server",
      slice: async () =>
        load("post", stage.server.url, { connections: clients, seconds, token: await stage.signIn(), variables: { season: ++season } }),
    },
    {
      name: "pgbench",
      slice: () => pgbench(stage, script, variables, { connections: clients, seconds, season: ++season }),
    },
    {
      name: "Express",
      process: "peer",
      slice: () =>
        load("post", stage.peer.url, { connections: clients, seconds, token: stage.peerToken(), variables: { season: ++season } }),
    },
  ];
  const goals = [];
  const rows = [];
  await compare(stage, subjects(16, 2), 1); // Warms up.
  for (const clients of connections) {
    const results = await compare(stage, subjects(clients, seconds), rounds);
    const ours = results.get("Showrunner");
    const wanted = pgbenchGoals[clients];
    if (wanted) goals.push(goal(`POST, ${clients} connections, to pgbench`, ours.ratio("pgbench"), wanted));
    // One connection waits for the disk nearly all the time, with whatever server.
    goals.push(goal(`POST, ${clients} connections, to Express`, ours.ratio("Express"), clients > 1 ? peerGoal : undefined));
    for (const each of results.values()) {
      rows.push([`${clients} × ${each.name}`, whole(each.rate), hundredths(each.p50), tenths(each.p99), tenths(each.server_us), tenths(each.postgres_us), tenths(each.load_us)]);
    }
  }
  const head = ["connections × subject", "a second", "p50 ms", "p99 ms", "server µs", "PostgreSQL µs", "load µs"];
  return [table(goalHead, goals), "", table(head, rows)].join("\n");
}
