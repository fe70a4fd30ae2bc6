// Graphile Worker with tasks that do nothing, as its own performance test sets it up.
//   node graphile_worker.mjs batched|unbatched    (DATABASE_URL; prints `ready`, and a line for each
//                                                   job when LATENCY is set: its number and the time)
import { run } from "graphile-worker";

const [mode] = process.argv.slice(2);
const batched = mode === "batched";
const tells = process.env.LATENCY === "1";

const runner = await run({
  noHandleSignals: true,
  preset: {
    worker: {
      connectionString: process.env.DATABASE_URL,
      concurrentJobs: 24,
      maxPoolSize: 20,
      pollInterval: 2000,
      ...(batched
        ? { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }
        : { localQueue: { size: -1 }, completeJobBatchDelay: -1, failJobBatchDelay: -1 }),
    },
  },
  taskList: {
    noop: tells
      ? (payload) => {
          process.stdout.write(`${payload.n} ${performance.timeOrigin + performance.now()}\n`);
        }
      : () => {},
  },
});
process.stdout.write("ready\n");
process.once("SIGTERM", () => void runner.stop().then(() => process.exit(0)));
await runner.promise;
