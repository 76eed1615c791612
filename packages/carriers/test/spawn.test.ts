import { spawnArrival } from "@luo/carriers";
import { ProtocolError } from "@luo/orchestrator";
import { afterEach, describe, expect, test, vi } from "vitest";

afterEach(() => vi.unstubAllEnvs());

test("a process that nobody spawned as a successor has no predecessor", () => {
  expect(spawnArrival()).toBeUndefined();
});

describe("names of descriptors that are none are refused", () => {
  test.each(["", "image", "7", "null", '{"0":"image"}', '["image",4]'])("%j", (text) => {
    vi.stubEnv("LUO_DESCRIPTORS", text);
    expect(spawnArrival).toThrow(ProtocolError);
    vi.stubEnv("LUO_DESCRIPTORS", text);
    expect(spawnArrival).toThrow(`found LUO_DESCRIPTORS=${text}, expected a JSON array of names`);
  });
});
