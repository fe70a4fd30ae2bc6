// The S3 client and the store on it, which are C++, against a server that verifies signatures: their
// tests are in src/aws/s3_live_test.cpp and src/blobs/s3_store_live_test.cpp and run here, where the
// server can be started, stopped and started again.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startS3 } from "./s3_server.mjs";
import { startControl } from "./server_control.mjs";

const binary =
  process.env.SHOWRUNNER_TEST_UNIT ??
  fileURLToPath(new URL("../../build/dev/showrunner_tests", import.meta.url));

test("the S3 client and the store on it against a server", async (t) => {
  const s3 = await startS3();
  if (!s3) return t.skip("Debian's python3-swift is not installed");
  t.after(() => s3.end());
  const control = await startControl(s3);
  t.after(() => control.close());

  const child = spawn(binary, [process.env.SHOWRUNNER_TEST_CASES ?? "-tc=s3 live:*,s3 store live:*"], {
    env: {
      ...process.env,
      ...s3.env,
      SHOWRUNNER_TEST_S3: s3.url,
      SHOWRUNNER_TEST_S3_CONTROL: control.url,
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
  assert.ok(passed >= 13, output);
  assert.doesNotMatch(output, /not run/);
});
