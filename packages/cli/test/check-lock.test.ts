import { checkLock, type Declared, EMPTY_LOCK, explainProblem, type Lock, publish } from "@luo/cli";
import {
  bits,
  LuoStruct,
  ref,
  reserved,
  type Sequence,
  type StructClass,
  struct,
  u8,
  u16,
  u32,
  u64,
} from "@luo/struct";
import { dropped, family, follows } from "@luo/version";
import { describe, expect, test } from "vitest";

type Annotate = (target: object, key: string) => void;

/** Declares the family of a release again at each call, as each build has classes of its own. */
function counter({ linked = true, dropLegacy = false, without = -1 } = {}): {
  readonly CounterV0: StructClass;
  readonly CounterV1: StructClass;
} {
  @LuoStruct(0, { family: "counter" })
  class CounterV0 {
    @u32 hits = 0;
    @u32 legacy = 0;
  }
  if (without === 1) return { CounterV0, CounterV1: CounterV0 };
  const next = (struct: StructClass) => {
    if (linked) follows(CounterV0)(struct);
    if (dropLegacy) dropped("legacy")(struct);
  };
  @LuoStruct(1, { family: "counter" })
  class CounterV1 {
    @u64 hits = 0n;
    @u32 legacy = 0;
  }
  @LuoStruct(1, { family: "counter" })
  class Lighter {
    @u64 hits = 0n;
  }
  const newest = dropLegacy ? Lighter : CounterV1;
  next(newest);
  return { CounterV0, CounterV1: newest };
}

const declare = (struct: StructClass, options: Parameters<typeof family>[1] = {}): Declared => ({
  families: [family(struct, options)],
  fileOf: () => "src/structs.ts",
});
const LOCK = publish(EMPTY_LOCK, declare(counter().CounterV1));
/** A lock with two releases: the first has version 0 alone, the second has both. */
const RELEASED = publish(
  publish(LOCK, declare(counter().CounterV0, { reads: { to: 0 } }), "1.0"),
  declare(counter().CounterV1),
  "1.1",
);

describe("all is well when", () => {
  test("nothing has changed", () => {
    expect(checkLock(RELEASED, declare(counter().CounterV1))).toEqual([]);
  });

  test("a version is added, or a class has another name", () => {
    const { CounterV1 } = counter();
    @LuoStruct(2, { family: "counter" })
    class Tally extends CounterV1 {
      @u32 limit = 0;
    }
    expect(checkLock(RELEASED, declare(Tally))).toEqual([]);
  });

  test("a version is gone that no supported release needs", () => {
    const { CounterV1 } = counter({ linked: false });
    expect(checkLock(LOCK, declare(CounterV1))).toEqual([]);
    const { "1.1": kept } = RELEASED.releases;
    const supported: Lock = { ...RELEASED, releases: kept === undefined ? {} : { "1.1": kept } };
    expect(checkLock(supported, declare(CounterV1))).toEqual([]);
    const retired = declare(counter().CounterV1, { reads: { from: 1 } });
    expect(checkLock(supported, retired)).toEqual([]);
  });

  test("a family is there that a supported release does not have", () => {
    @LuoStruct(0)
    class Other {
      @u8 x = 0;
    }
    const { CounterV1 } = counter();
    const both = { families: [family(CounterV1), family(Other)] };
    expect(checkLock(RELEASED, both)).toEqual([]);
  });
});

describe("a published layout has changed: the field is named, what it was and what it is", () => {
  @LuoStruct(0, { family: "inner" })
  class Inner {
    @u32 x = 0;
  }
  @LuoStruct(0, { family: "thing" })
  class Thing {
    @u32 a = 0;
    @u16 b = 0;
    @bits(u8, 3) low = 0;
    @bits(u8, 2) high = 0;
    @struct(() => Inner) inner: Inner = new Inner();
    @ref(() => Inner) list: Sequence<Inner> = [];
  }
  const lock = publish(EMPTY_LOCK, declare(Thing), "1.0");

  /** The struct with other fields. */
  function edited(decorate: (prototype: object) => void, options = {}): StructClass {
    class ThingV0 {}
    decorate(ThingV0.prototype);
    LuoStruct(0, { family: "thing", ...options })(ThingV0 as StructClass);
    return ThingV0 as StructClass;
  }
  const fields = {
    a: u32 as Annotate,
    b: u16 as Annotate,
    low: bits(u8, 3) as Annotate,
    high: bits(u8, 2) as Annotate,
    inner: struct(() => Inner) as Annotate,
    list: ref(() => Inner) as Annotate,
  };
  const as = (change: Record<string, Annotate>, options?: object) =>
    edited((prototype) => {
      for (const [name, annotate] of Object.entries(change)) annotate(prototype, name);
    }, options);

  test("not by declaring the same again", () => {
    expect(checkLock(lock, declare(as(fields)))).toEqual([]);
  });

  const { b, ...withoutB } = fields;
  const { low, high, ...plain } = fields;
  test.each<[string, StructClass, [field: string | undefined, was: string, is: string][]]>([
    ["another type", as({ ...fields, a: u64 as Annotate }), [["a", "u32", "u64"]]],
    ["removed", as(withoutB), [["b", "u16", "no such field"]]],
    ["added", as({ ...fields, c: u8 as Annotate }), [["c", "no such field", "u8"]]],
    [
      "renamed",
      as({ ...withoutB, bee: b }),
      [
        ["b", "u16", "no such field"],
        ["bee", "no such field", "u16"],
      ],
    ],
    [
      "in another order",
      as({ b, ...withoutB }),
      [[undefined, "in the order a, b", "in the order b, a"]],
    ],
    [
      "bits in another order",
      as({ a: fields.a, b, high, low, inner: plain.inner, list: plain.list }),
      [[undefined, "in the order low, high", "in the order high, low"]],
    ],
    [
      "of another byte order",
      as(fields, { endian: "big" }),
      [[undefined, "little-endian", "big-endian"]],
    ],
    [
      "only longer, or aligned otherwise",
      as(fields, { align: 32 }),
      [[undefined, "24 bytes, aligned to 8", "32 bytes, aligned to 32"]],
    ],
  ])("%s", (_, struct, changes) => {
    const problems = checkLock(lock, declare(struct));
    expect(problems.map(({ field, was, is }) => [field, was, is])).toEqual(changes);
    for (const problem of problems) {
      expect(problem).toMatchObject({
        kind: "layout-changed",
        file: "src/structs.ts",
        struct: "ThingV0",
        family: "thing",
        version: 0,
        remedy: "undo the edit; to change it, make it a new version: luo bump ThingV0",
      });
    }
  });

  test("of a struct inside of others: told once, where it is", () => {
    @LuoStruct(0, { family: "inner" })
    class Edited {
      @u32 x = 0;
      @reserved(u32) _: unknown;
    }
    const changed = as({
      ...fields,
      inner: struct(() => Edited) as Annotate,
      list: ref(() => Edited) as Annotate,
    });
    const problems = checkLock(lock, declare(changed));
    expect(problems).toMatchObject([
      { struct: "Edited", field: "_", was: "no such field", is: "reserved u32" },
    ]);
  });

  test("of a struct that others contain, in several versions: told once", () => {
    const program = (type: Annotate, order: readonly string[] = ["at", "until"]): Declared => {
      class Span {}
      for (const name of order) type(Span.prototype, name);
      LuoStruct(0, { family: "span" })(Span as StructClass);
      const Inside: StructClass = Span as StructClass;
      @LuoStruct(0, { family: "slot" })
      class SlotV0 {
        @u8 kind = 0;
        @struct(() => Inside) span = new Inside();
        @u32 next = 0;
      }
      @LuoStruct(0, { family: "table" })
      class TableV0 {
        @struct(() => SlotV0) slot = new SlotV0();
        @u32 used = 0;
      }
      @LuoStruct(1, { family: "table" })
      class TableV1 extends TableV0 {
        @u32 limit = 0;
      }
      return declare(TableV1);
    };
    const published = publish(EMPTY_LOCK, program(u32 as Annotate), "1.0");
    const told = (declared: Declared) =>
      checkLock(published, declared).map(({ struct, field, was, is }) => [struct, field, was, is]);
    expect(told(program(u64 as Annotate))).toEqual([
      ["Span", "at", "u32", "u64"],
      ["Span", "until", "u32", "u64"],
    ]);
    expect(told(program(u32 as Annotate, ["until", "at"]))).toEqual([
      ["Span", undefined, "in the order at, until", "in the order until, at"],
    ]);
    expect(told(program(u32 as Annotate, ["at"]))).toEqual([
      ["Span", "until", "u32", "no such field"],
    ]);
  });

  test("of a class that others extend: told once, where the field is declared", () => {
    const program = (type: Annotate): Declared => {
      class CounterV0 {}
      type(CounterV0.prototype, "hits");
      (u8 as Annotate)(CounterV0.prototype, "kind");
      LuoStruct(0, { family: "counter" })(CounterV0 as StructClass);
      @LuoStruct(1, { family: "counter" })
      class CounterV1 extends CounterV0 {
        @u32 limit = 0;
      }
      @LuoStruct(2, { family: "counter" })
      class CounterV2 extends CounterV1 {
        @u32 least = 0;
      }
      return declare(CounterV2);
    };
    const published = publish(EMPTY_LOCK, program(u32 as Annotate), "1.0");
    expect(checkLock(published, program(u64 as Annotate))).toMatchObject([
      { struct: "CounterV0", field: "hits", was: "u32", is: "u64" },
    ]);
  });

  test("and the lock was edited along with it: the manifest of a release tells", () => {
    const changed = declare(as({ ...fields, a: u64 as Annotate }));
    const forged = { ...publish(EMPTY_LOCK, changed), releases: lock.releases };
    expect(checkLock(forged, changed)).toMatchObject([
      {
        kind: "layout-changed",
        struct: "ThingV0",
        release: "1.0",
        was: expect.stringMatching(/^fingerprint [0-9a-f]{16}$/),
        is: expect.stringMatching(/^fingerprint [0-9a-f]{16}$/),
      },
    ]);
  });
});

describe("a version is gone that a supported release needs", () => {
  test("its class: by the name that it had", () => {
    const { CounterV1 } = counter({ linked: false });
    expect(checkLock(RELEASED, declare(CounterV1))).toEqual([
      {
        kind: "version-gone",
        file: "src/structs.ts",
        family: "counter",
        version: 0,
        struct: "CounterV0",
        release: "1.0",
        was: "release 1.0 writes version 0",
        is: "version 1 can be read",
        remedy:
          "restore CounterV0, and let the next version follow it; or take release 1.0 out of the lock, if it is not supported any more",
      },
    ]);
  });

  test("by several releases: told once, with all of them", () => {
    const again = publish(RELEASED, declare(counter().CounterV0, { reads: { to: 0 } }), "1.0.1");
    const { CounterV1 } = counter({ linked: false });
    const problems = checkLock(again, declare(CounterV1));
    expect(problems).toMatchObject([
      {
        kind: "version-gone",
        release: "1.0, 1.0.1",
        was: "release 1.0 writes version 0; release 1.0.1 writes version 0",
        remedy:
          "restore CounterV0, and let the next version follow it; or take releases 1.0, 1.0.1 out of the lock, if they are not supported any more",
      },
    ]);
  });

  test("as it is not read any more", () => {
    const retired = declare(counter().CounterV1, { reads: { from: 1 } });
    expect(checkLock(RELEASED, retired)).toMatchObject([
      {
        kind: "version-gone",
        struct: "CounterV0",
        remedy: "let { reads } of the family include version 0 again",
      },
    ]);
  });

  test("with its whole family", () => {
    const { CounterV1 } = counter();
    const problems = checkLock(RELEASED, { families: [], structs: [CounterV1] });
    expect(problems.map(({ release, is, remedy }) => [release, is, remedy])).toEqual([
      [
        "1.0",
        "the family is read in no version",
        "declare a family of counter again, and export it",
      ],
      [
        "1.1",
        "the family is read in no version",
        "declare a family of counter again, and export it",
      ],
    ]);
  });

  test("or, for a rollback, one that is read and not written", () => {
    const onward = declare(counter().CounterV1, { writes: { from: 1 } });
    expect(checkLock(RELEASED, onward)).toEqual([
      {
        kind: "path-broken",
        file: "src/structs.ts",
        family: "counter",
        version: 0,
        struct: "CounterV0",
        release: "1.0",
        was: "release 1.0 reads version 0",
        is: "version 1 can be written",
        remedy:
          "give a value to every @dropped since version 0, and let { writes } of the family include it",
      },
    ]);
  });

  test("unless the release is said to read nothing, so that nobody goes back to it", () => {
    const onward = declare(counter().CounterV1, { writes: { from: 1 } });
    const writes = RELEASED.releases["1.0"]?.families.counter?.writes ?? [];
    const layouts = RELEASED.releases["1.0"]?.families.counter?.layouts ?? {};
    const once = { format: 1, families: { counter: { reads: [], writes, layouts } } } as const;
    const releases = { "1.0": once };
    expect(checkLock({ ...RELEASED, releases }, onward)).toEqual([]);
  });
});

describe("versions do not lead to each other any more", () => {
  test("as a class does not follow the one before", () => {
    const { CounterV0, CounterV1 } = counter({ linked: false });
    const declared = { ...declare(CounterV1), structs: [CounterV0] };
    expect(checkLock(LOCK, declared)).toEqual([
      {
        kind: "path-broken",
        file: "src/structs.ts",
        family: "counter",
        version: 1,
        struct: "CounterV1",
        was: "version 0 becomes version 1",
        is: "CounterV1 does not follow CounterV0",
        remedy: "let it extend CounterV0, or say @follows(CounterV0)",
      },
    ]);
  });

  test("as a version between them is gone", () => {
    const { CounterV0 } = counter({ without: 1 });
    @LuoStruct(2, { family: "counter" })
    class CounterV2 {
      @u64 hits = 0n;
    }
    const old = counter().CounterV1;
    @LuoStruct(2, { family: "counter" })
    @follows(old)
    @dropped("legacy", 0)
    class Before {
      @u64 hits = 0n;
    }
    const lock = publish(LOCK, declare(Before));
    const declared = { ...declare(CounterV2), structs: [CounterV0] };
    expect(checkLock(lock, declared)).toMatchObject([
      {
        kind: "path-broken",
        struct: "CounterV2",
        version: 2,
        was: "version 0 becomes version 2",
        remedy: "restore the class of version 1, which follows CounterV0",
      },
    ]);
  });

  test("as the way down ends, where a field is dropped without a value", () => {
    const { CounterV1 } = counter({ dropLegacy: true });
    const lock = publish(EMPTY_LOCK, declare(counter({ without: 1 }).CounterV0), "1.0");
    expect(checkLock(lock, declare(CounterV1))).toMatchObject([
      { kind: "path-broken", version: 0, release: "1.0", is: "version 1 can be written" },
    ]);
  });

  test("as a family does not fit together: its error is told, once", () => {
    const { CounterV0 } = counter({ without: 1 });
    @LuoStruct(1, { family: "counter" })
    @follows(CounterV0)
    class CounterV1 {
      @u64 hits = 0n;
      @u32 legacy = 0;
      @u32 fresh = 0;
    }
    const lock = publish(EMPTY_LOCK, declare(counter({ without: 1 }).CounterV0));
    const problems = checkLock(lock, { ...declare(CounterV0), structs: [CounterV1] });
    expect(problems).toMatchObject([
      {
        kind: "path-broken",
        family: "counter",
        version: 1,
        struct: "CounterV1",
        field: "fresh",
        is: expect.stringContaining("has no counterpart in CounterV0"),
      },
    ]);
  });
});

/** Sessions in three versions, within states: those of a version, or of each. */
function sessions() {
  @LuoStruct(0, { family: "session" })
  class SessionV0 {
    @u32 id = 0;
  }
  @LuoStruct(1, { family: "session" })
  class SessionV1 extends SessionV0 {
    @u32 until = 0;
  }
  @LuoStruct(2, { family: "session" })
  class SessionV2 extends SessionV1 {
    @u32 from = 0;
  }
  const state = (version: number, of: () => StructClass, older?: StructClass): StructClass => {
    class State {}
    (ref(of) as Annotate)(State.prototype, "sessions");
    LuoStruct(version, { family: "state" })(State as StructClass);
    Object.defineProperty(State, "name", { value: `StateV${version}` });
    if (older !== undefined) follows(older)(State as StructClass);
    return State as StructClass;
  };
  return { SessionV0, SessionV1, SessionV2, state };
}

describe("a version never crosses", () => {
  const told = (declared: Declared) =>
    checkLock(EMPTY_LOCK, declared).map(({ kind, struct, is, remedy }) => [
      ...[kind, struct, is, remedy],
    ]);

  test("a newer version of a struct that no other contains, whoever exports it", () => {
    const { SessionV0, SessionV1, SessionV2, state } = sessions();
    const StateV1 = state(
      1,
      () => SessionV1,
      state(0, () => SessionV0),
    );
    for (const declared of [declare(StateV1), { ...declare(StateV1), structs: [SessionV2] }]) {
      const is = expect.stringMatching(
        /^no struct contains SessionV2: State\w*.sessions is of SessionV1$/,
      );
      const remedy = expect.stringMatching(
        /^luo bump State\w*, and let its sessions be of SessionV2$/,
      );
      expect(told(declared)).toEqual([["never-crosses", "SessionV2", is, remedy]]);
      expect(() => publish(EMPTY_LOCK, declared)).toThrow("so it never crosses; luo bump");
    }
  });

  test("told once, by the newest of several", () => {
    const { SessionV0, SessionV2, state } = sessions();
    const declared = { ...declare(state(0, () => SessionV0)), structs: [SessionV2] };
    expect(told(declared).map(([, struct]) => struct)).toEqual(["SessionV2"]);
  });

  test("a class that is not linked to the one that the program keeps, newer or older", () => {
    @LuoStruct(0, { family: "point" })
    class PointV0 {
      @u32 x = 0;
    }
    @LuoStruct(1, { family: "point" })
    class PointV1 {
      @u32 x = 0;
    }
    for (const [kept, other] of [
      [PointV0, PointV1],
      [PointV1, PointV0],
    ] as const) {
      const is = `${other.name} is not linked to ${kept.name}, which the program keeps`;
      const remedy = "let PointV1 extend PointV0, or say @follows(PointV0)";
      expect(told({ ...declare(kept), structs: [other] })).toEqual([
        ["never-crosses", other.name, is, remedy],
      ]);
    }
  });

  test("but versions in use do, and steps on the way between them", () => {
    const { SessionV0, SessionV1, SessionV2, state } = sessions();
    const StateV1 = state(
      1,
      () => SessionV2,
      state(0, () => SessionV0),
    );
    expect(told(declare(StateV1))).toEqual([]);
    expect(told(declare(StateV1, { reads: { from: 1 } }))).toEqual([]);
    const only = sessions();
    const State = only.state(0, () => only.SessionV2);
    expect(told({ ...declare(State), structs: [only.SessionV0, only.SessionV1] })).toEqual([]);
    expect(told({ families: [], structs: [SessionV0, SessionV1] })).toEqual([]);
  });
});

test("a problem as text: file, class, field, what was, what is, what to do", () => {
  const [problem] = checkLock(LOCK, { ...declare(edit()), fileOf: () => "dist/structs.js" });
  expect(problem && explainProblem(problem)).toBe(`\
dist/structs.js: CounterV0.hits (counter@0): a published layout has changed
  was  u32
  is   u16
  do   undo the edit; to change it, make it a new version: luo bump CounterV0`);
});

function edit(): StructClass {
  @LuoStruct(0, { family: "counter" })
  class CounterV0 {
    @u16 hits = 0;
    @u32 legacy = 0;
  }
  return CounterV0;
}
