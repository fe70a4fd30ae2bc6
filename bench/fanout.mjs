// Broadcasting to many sockets: a program of its own, see fanout/.
import { run } from "./harness/processes.mjs";

const root = new URL("../", import.meta.url).pathname;

export async function fanout() {
  await run("cmake", ["--build", `${root}build/release`, "--target", "showrunner_fanout_bench", "showrunner-echo"]);
  const output = await run(`${root}build/release/showrunner_fanout_bench`, [
    "--echo",
    `${root}build/release/showrunner-echo`,
    "--node",
    `${root}bench/peers/socketio_server.mjs`,
  ]);
  return output.trim();
}
