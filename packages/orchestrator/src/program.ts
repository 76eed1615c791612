import { type Fault, LuoError } from "@luo/struct";
import { type JsonShape, jsonObject, readJson } from "@luo/version/json";
import * as v from "valibot";

/** A program by name and version, as errors and reports name it. */
export interface Program {
  /** 1 to 95 bytes of UTF-8, without control characters. */
  readonly name: string;
  /** At most 63 bytes of UTF-8, without control characters; empty where nothing tells the version. */
  readonly version: string;
}

/** The name or version of a program cannot be shown in a line of text. */
export class ProgramError extends LuoError {
  static override readonly codes = {
    LUO_PROGRAM: {
      when: "the name or version of a program cannot be shown in a line of text",
      do: "give a shorter one, without control characters",
    },
  };
  /** Either `name` or `version`; empty for the whole. */
  readonly member: string;

  constructor(member: string, fault: Fault) {
    super("LUO_PROGRAM", `program${member === "" ? "" : `, ${member}`}`, fault);
    this.member = member;
  }
}

/** Bytes of UTF-8 that a name and a version have at most: so many fit into the header of an image. */
export const MAX_PROGRAM = { name: 95, version: 63 } as const;

function text(least: number, most: number) {
  const expected = `text of ${least} to ${most} bytes of UTF-8 without control characters`;
  const fits = (value: string) => value.length >= least && utf8.encode(value).length <= most;
  return v.pipe(v.string(expected), v.regex(/^[^\p{C}]*$/u, expected), v.check(fits, expected));
}

const utf8 = new TextEncoder();

/** The shape of a program in a message of the other one. */
export const programShape = jsonObject({
  name: text(1, MAX_PROGRAM.name),
  version: text(0, MAX_PROGRAM.version),
}) satisfies JsonShape<Program>;

/** @throws {ProgramError} when name or version are not as `Program` says */
export function parseProgram(input: unknown): Program {
  return readJson<Program>(programShape, input, (path, fault) => new ProgramError(path, fault));
}

/** The name and the version, as in `kv-server 1.4.0`. */
export function programLabel({ name, version }: Program): string {
  return version === "" ? name : `${name} ${version}`;
}

/** Names a program by its part in the update, and itself if it is known: `the successor (kv-server 1.4.0)`. */
export function inRole(role: string, program: Program | undefined): string {
  return program === undefined ? role : `${role} (${programLabel(program)})`;
}
