import { spawnSync } from "node:child_process";
import fs from "node:fs";
import {
  ArgumentError,
  closeDescriptor,
  duplicate,
  SystemCallError,
  setCloseOnExec,
} from "@luo/linux";
import { describe, expect, test } from "vitest";

/** The descriptors that a child process finds open. */
function inherited(): string[] {
  return spawnSync("sh", ["-c", "echo /proc/self/fd/*"], { stdio: ["ignore", "pipe", "ignore"] })
    .stdout.toString()
    .trim()
    .split(/\s+/)
    .map((name) => name.replace("/proc/self/fd/", ""));
}

describe("a duplicate", () => {
  test("is the same open file under another number, beyond the standard streams", () => {
    const fd = fs.openSync("/proc/self/status", "r");
    const copy = duplicate(fd);
    expect(copy).not.toBe(fd);
    expect(copy).toBeGreaterThanOrEqual(3);
    fs.readSync(fd, Buffer.alloc(10), 0, 10, null);
    closeDescriptor(fd);
    const bytes = Buffer.alloc(10);
    fs.readSync(copy, bytes);
    expect(bytes.toString()).not.toMatch(/^Name/);
    closeDescriptor(copy);
    expect(() => fs.fstatSync(copy)).toThrow("EBADF");
  });

  test("is inherited by a child process only when told so", () => {
    const fd = duplicate(1);
    try {
      expect(inherited()).not.toContain(`${fd}`);
      setCloseOnExec(fd, false);
      expect(inherited()).toContain(`${fd}`);
      setCloseOnExec(fd, true);
      expect(inherited()).not.toContain(`${fd}`);
    } finally {
      closeDescriptor(fd);
    }
  });
});

test.each<[string, (fd: number) => unknown]>([
  ["duplicate", duplicate],
  ["closeDescriptor", closeDescriptor],
  ["setCloseOnExec", (fd) => setCloseOnExec(fd, true)],
])("%s refuses what is not an open descriptor", (_, use) => {
  expect(() => use(999_999)).toThrow(SystemCallError);
  expect(() => use(999_999)).toThrow(/\(fd 999999.*\): EBADF, bad file descriptor/);
  for (const fd of [-1, 1.5, Number.NaN, 2 ** 31]) expect(() => use(fd)).toThrow(ArgumentError);
});
