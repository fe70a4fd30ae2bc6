// Reading one episode, and a list of 50: Showrunner and Express.
import { compare } from "./harness/slices.mjs";
import { seedRows } from "./harness/stage.mjs";
import { goal, goalHead, hundredths, table, tenths, whole } from "./harness/table.mjs";
import { load } from "./harness/wrk.mjs";

const peerGoal = 5;
const routes = [
  { name: "GET one", variables: { rows: seedRows } },
  { name: "list of 50", variables: { path: "/api/v1/episodes?limit=50" } },
];

export async function get(stage, { seconds, rounds, connections }) {
  const token = await stage.signIn();
  const subjects = (variables, clients, seconds) => [
    { name: "Showrunner", process: "server", slice: () => load("get", stage.server.url, { connections: clients, seconds, token, variables }) },
    { name: "Express", process: "peer", slice: () => load("get", stage.peer.url, { connections: clients, seconds, token: stage.peerToken(), variables }) },
  ];
  const goals = [];
  const rows = [];
  for (const route of routes) {
    await compare(stage, subjects(route.variables, 16, 2), 1); // Warms up.
    for (const clients of connections.filter((each) => each > 1)) {
      const results = await compare(stage, subjects(route.variables, clients, seconds), rounds);
      goals.push(goal(`${route.name}, ${clients} connections, to Express`, results.get("Showrunner").ratio("Express"), peerGoal));
      for (const each of results.values()) {
        rows.push([`${route.name}, ${clients} × ${each.name}`, whole(each.rate), hundredths(each.p50), tenths(each.p99), tenths(each.server_us), tenths(each.postgres_us), tenths(each.load_us)]);
      }
    }
  }
  const head = ["route, connections × subject", "a second", "p50 ms", "p99 ms", "server µs", "PostgreSQL µs", "load µs"];
  return [table(goalHead, goals), "", table(head, rows)].join("\n");
}
