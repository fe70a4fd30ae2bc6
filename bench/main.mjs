// bench/run's work: which benchmarks, on what stage, where the result goes.
import { parseArgs } from "node:util";

import { fanout } from "./fanout.mjs";
import { files } from "./files.mjs";
import { get } from "./get.mjs";
import { jobs } from "./jobs.mjs";
import { Stage } from "./harness/stage.mjs";
import { save } from "./harness/table.mjs";
import { post } from "./post.mjs";

const onStage = (benchmark) => async (settings) => {
  const stage = await Stage.set();
  const strike = () => stage.strike().then(() => process.exit(130));
  process.once("SIGINT", strike).once("SIGTERM", strike);
  try {
    return await benchmark(stage, settings);
  } finally {
    process.off("SIGINT", strike).off("SIGTERM", strike);
    await stage.strike();
  }
};
const benchmarks = { post: onStage(post), get: onStage(get), fanout, jobs, files: onStage(files) };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", default: "1,16,64" },
    mib: { type: "string", default: "1024" },
    parts: { type: "string" },
    save: { type: "boolean", default: false },
  },
});
const settings = {
  seconds: Number(values.seconds),
  rounds: Number(values.rounds),
  connections: values.connections.split(",").map(Number),
  mib: Number(values.mib),
  parts: values.parts?.split(","),
};
const names = positionals.length > 0 ? positionals : Object.keys(benchmarks);
for (const name of names) {
  if (!(name in benchmarks)) {
    console.error(`there is no benchmark ${name}: ${Object.keys(benchmarks).join(", ")}`);
    process.exit(2);
  }
}
for (const name of names) {
  console.log(`\n## ${name}\n`);
  const text = await benchmarks[name](settings);
  console.log(text);
  if (values.save) save(name, text);
}
