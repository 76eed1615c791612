import {
  checkLock,
  type Declared,
  EMPTY_LOCK,
  explainNote,
  formatLock,
  type Lock,
  LockError,
  lockNotes,
  parseLock,
  publish,
} from "@luo/cli";
import { array, enumeration, fingerprintOf, flexible, LuoStruct, u8, u32 } from "@luo/struct";
import { family } from "@luo/version";
import { describe, expect, test } from "vitest";

type Members = Readonly<Record<string, number>>;

/** The object that TypeScript compiles a numeric enum to. */
function compiled(members: Members): Record<string, string | number> {
  const names = Object.entries(members).map(([name, number]) => [number, name]);
  return { ...Object.fromEntries(names), ...members };
}

/** A build of a program with this enum: as a field, and as the elements of arrays. */
function build(members: Members | readonly number[]): Declared {
  const of = Array.isArray(members) ? members : compiled(members as Members);
  const role = enumeration(u8, of as Record<string, number>);
  @LuoStruct(0, { family: "state" })
  class StateV0 {
    @u32 count = 0;
    @role role = 0;
    @array(role, 2) roles = [0, 0];
    @flexible(role, { count: "count" }) more: number[] = [];
  }
  return { families: [family(StateV0)] };
}

const LOCK = publish(EMPTY_LOCK, build({ User: 0, Admin: 1 }), "1.0");
const told = (lock: Lock, declared: Declared) =>
  checkLock(lock, declared).map(({ kind, field, was, is }) => [kind, field, was, is]);

describe("the lock keeps the meaning of numbers", () => {
  test("by the names of the enum's members, for every field that has them", () => {
    const fields = LOCK.structs[0]?.fields.map(({ name, members }) => [name, members]);
    expect(fields).toEqual([
      ["count", undefined],
      ["role", { User: 0, Admin: 1 }],
      ["roles", { User: 0, Admin: 1 }],
      ["more", { User: 0, Admin: 1 }],
    ]);
    expect(parseLock(formatLock(LOCK))).toEqual(LOCK);
    expect(formatLock(LOCK)).toContain(
      '{ "name": "role", "type": "u8{0=0,1=1}", "offset": 4, "members": { "User": 0, "Admin": 1 } }',
    );
  });

  test("and leaves notation and fingerprint as they were", () => {
    const [named, listed] = [build({ User: 0, Admin: 1 }), build([0, 1])].map(
      ({ families: [state] }) => state && fingerprintOf(state.struct),
    );
    expect(named).toBe(listed);
  });
});

describe("members that change their numbers are a changed layout, told once", () => {
  test.each<[string, Members, was: string, is: string]>([
    ["exchanged", { Admin: 0, User: 1 }, "User = 0, Admin = 1", "User = 1, Admin = 0"],
    ["one of them", { Guest: 0, User: 1 }, "User = 0", "User = 1"],
    ["an alias of another", { User: 0, Admin: 0, Root: 1 }, "Admin = 1", "Admin = 0"],
  ])("%s", (_, members, was, is) => {
    const edited = build(members);
    expect(told(LOCK, edited)).toEqual([["layout-changed", "role", was, is]]);
    expect(() => publish(LOCK, edited)).toThrow(LockError);
  });

  test("text members are in the type", () => {
    const texts = (...members: string[]): Declared => {
      @LuoStruct(0, { family: "state" })
      class StateV0 {
        @enumeration(u8, members) role = members[0] ?? "";
      }
      return { families: [family(StateV0)] };
    };
    const lock = publish(EMPTY_LOCK, texts("user", "admin"));
    expect(told(lock, texts("admin", "user"))).toEqual([
      ["layout-changed", "role", "u8{0=user,1=admin}", "u8{0=admin,1=user}"],
    ]);
  });
});

describe("a member that is renamed and keeps its number is a note", () => {
  const renamed = build({ Member: 0, Admin: 1 });

  test("told once, whoever shares the enum", () => {
    expect(told(LOCK, renamed)).toEqual([]);
    const notes = lockNotes(LOCK, renamed);
    expect(notes).toEqual([
      {
        family: "state",
        version: 0,
        struct: "StateV0",
        field: "role",
        was: "User",
        is: "Member",
        number: 0,
      },
    ]);
    expect(notes.map(explainNote)).toEqual([
      "StateV0.role (state@0): User is called Member by now; if 0 does not mean the same any more, undo the edit",
    ]);
  });

  test("until it is published: then the new name is kept", () => {
    const next = publish(LOCK, renamed);
    expect(lockNotes(next, renamed)).toEqual([]);
    expect(told(next, build({ Admin: 0, Member: 1 }))).toHaveLength(1);
  });

  test("an alias that comes or goes is none", () => {
    expect(lockNotes(LOCK, build({ User: 0, Admin: 1, Root: 1 }))).toEqual([]);
    const aliased = publish(EMPTY_LOCK, build({ User: 0, Admin: 1, Root: 1 }));
    expect(lockNotes(aliased, build({ User: 0, Admin: 1 }))).toEqual([]);
  });
});

describe("a lock from before members were kept", () => {
  const structs = LOCK.structs.map(({ fields, ...struct }) => ({
    ...struct,
    fields: fields.map(({ members: _, ...field }) => field),
  }));
  const old = parseLock(JSON.parse(JSON.stringify({ ...LOCK, structs })));

  test("is read, says nothing of names, and gets them with the next publish", () => {
    const declared = build({ User: 0, Admin: 1 });
    expect(told(old, declared)).toEqual([]);
    expect(lockNotes(old, declared)).toEqual([]);
    expect(publish(old, declared)).toEqual(LOCK);
  });

  test("where the program knows no names, those in the lock stay", () => {
    expect(told(LOCK, build([0, 1]))).toEqual([]);
    expect(publish(LOCK, build([0, 1]))).toEqual(LOCK);
  });
});

test("members that are no numbers are no lock", () => {
  const [first] = LOCK.structs;
  const fields = [{ name: "role", type: "u8{0=0}", offset: 0, members: { User: "0" } }];
  expect(() => parseLock({ ...LOCK, structs: [{ ...first, fields }] })).toThrow(
    'structs[0].fields[0].members.User: found "0", expected an integer',
  );
});
