// The SQS client, which is C++, against a server that speaks SQS: its tests are in
// src/aws/sqs_live_test.cpp and run here, where the server can be started, stopped and started again.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startControl } from "./server_control.mjs";
import { startSqs } from "./sqs_server.mjs";

const binary =
  process.env.SHOWRUNNER_TEST_UNIT ??
  fileURLToPath(new URL("../../build/dev/showrunner_tests", import.meta.url));

test("the SQS client against a server", async (t) => {
  const sqs = await startSqs();
  if (!sqs) return t.skip("npm has not supplied fauxqs");
  t.after(() => sqs.end());
  const control = await startControl(sqs);
  t.after(() => control.close());

  const child = spawn(binary, ["-tc=sqs live:*"], {
    env: {
      ...process.env,
      SHOWRUNNER_TEST_SQS: sqs.url,
      SHOWRUNNER_TEST_SQS_CONTROL: control.url,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill());
  const text = [];
  child.stdout.on("data", (data) => text.push(data));
  const [code] = await once(child, "close");
  const output = text.join("");
  assert.equal(code, 0, output);
  const passed = Number(/test cases:\s*\d+ \|\s*(\d+) passed/.exec(output)?.[1]);
  assert.ok(passed >= 8, output);
  assert.doesNotMatch(output, /not run/);
});
