import { HeapBacking } from "@luo/memory";
import { costOf, ObjectStore } from "@luo/store";
import { create, family, LuoError, LuoStruct, liveUpdate, manifestOf, u32 } from "luo";
import { describe, expect, test } from "vitest";

// What a program in JavaScript can say, and the compiler refuses in TypeScript.

@LuoStruct(0)
class PartV0 {
  @u32 count = 0;
}

const Part = family(PartV0);

// biome-ignore lint/suspicious/noExplicitAny: the calls are wrong on purpose
type Any = any;

const NAMES = [undefined, null, 7, "", {}, Symbol("x")] as readonly Any[];
const NO_FAMILIES = [undefined, null, {}, "Part", PartV0] as readonly Any[];

const live = await liveUpdate({ families: [Part], program: { name: "test", version: "" } });
const store = ObjectStore.create(new HeapBacking());

/** Runs a call, and gives the error of ours that it ends with. */
async function errorOf(call: () => unknown): Promise<LuoError> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(LuoError);
    return error as LuoError;
  }
  throw new Error("the call was accepted");
}

describe("the class of a version in place of its family", () => {
  const calls: Readonly<Record<string, () => unknown>> = {
    liveUpdate: () => liveUpdate({ families: [PartV0 as Any] }),
    "live.object": () => live.object("part", PartV0 as Any),
    "live.take": () => live.take("part", PartV0 as Any),
    "live.keep": () => live.keep("part", PartV0 as Any, () => new PartV0()),
    "store.put": () => store.put("part", new PartV0(), { family: PartV0 as Any }),
    "store.take": () => {
      store.put("part", new PartV0());
      store.take("part", PartV0 as Any);
    },
    costOf: () => costOf(new PartV0(), [], PartV0 as Any),
    manifestOf: () => manifestOf([PartV0 as Any]),
  };

  test.each(Object.entries(calls))("is refused by %s", async (_name, call) => {
    const error = await errorOf(call);
    expect(error.code).toBe("LUO_ARGUMENT");
    expect(error.message).toBe(
      "family: found function PartV0, expected a family: family(PartV0); correct the argument",
    );
  });
});

test.each(NO_FAMILIES)("%s is no family", async (wrong) => {
  store.put("part", new PartV0());
  for (const call of [
    () => live.object("part", wrong),
    () => live.take("part", wrong),
    () => live.keep("part", wrong, () => new PartV0()),
    () => store.take("part", wrong),
    () => manifestOf([wrong]),
    () => liveUpdate({ families: [wrong] }),
  ]) {
    expect((await errorOf(call)).code).toBe("LUO_ARGUMENT");
  }
});

test("a list of families is needed, and the error shows how to give it", async () => {
  for (const wrong of [undefined, {}, { family: [Part] }, { families: Part }] as readonly Any[]) {
    const { message } = await errorOf(() => liveUpdate(wrong));
    expect(message).toContain("liveUpdate({ families: [family(CounterV1)] })");
  }
});

test.each(NAMES.map((name) => [name]))("%s is refused as a name at once", async (name) => {
  for (const call of [
    () => live.object(name, Part),
    () => live.keep(name, Part, () => new PartV0()),
    () => live.memfd(name, { size: 4096 }),
    () => live.listener(name),
  ]) {
    expect((await errorOf(call)).code).toBe("LUO_PRESERVE");
  }
});

test("what is kept comes from a function, and anything else is refused at once", async () => {
  for (const wrong of [undefined, new PartV0()] as readonly Any[]) {
    const error = await errorOf(() => live.keep("kept", Part, wrong));
    expect(error.message).toContain("expected a function that gives the object");
  }
  live.keep("kept", Part, () => new PartV0());
});

test("versions to write alongside are a list of numbers", async () => {
  for (const wrong of ["all", 0, "0"] as readonly Any[]) {
    const { code, message } = await errorOf(() => {
      store.put("part", new PartV0(), { alongside: wrong });
    });
    expect([code, message]).toEqual([
      "LUO_ARGUMENT",
      `alongside: found ${JSON.stringify(wrong)}, expected versions, such as [0] or family.writes; correct the argument`,
    ]);
  }
});

test("values are an object, and what is not is refused", async () => {
  for (const wrong of [undefined, null, 5, "count"] as readonly Any[]) {
    const { code, message } = await errorOf(() => create(PartV0, wrong));
    expect([code, message]).toEqual([
      "LUO_ARGUMENT",
      `values of PartV0: found ${JSON.stringify(wrong)}, expected an object of its fields, such as {}; correct the argument`,
    ]);
  }
});
