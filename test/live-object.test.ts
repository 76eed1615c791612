import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const program = fileURLToPath(new URL("./dist/programs/list.js", import.meta.url));

test("an object with arrays can be changed long after the image that it came in is gone", async () => {
  // Every successor inherits the pipe; it closes with the last of them.
  const { stdout } = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
  expect(await text(stdout)).toBe("0\n0 1\n0 1 2\n");
});
