import type { Program } from "@luo/store";
import { type Fault, LuoError } from "@luo/struct";
import { type JsonShape, jsonObject, readJson } from "@luo/version/json";
import * as v from "valibot";

/** A program by name and version, as errors, reports and images name it. */
export type { Program };

/** The name or version of a program cannot be shown in a line of text. */
export class ProgramError extends LuoError {
  static override readonly codes = {
    LUO_PROGRAM: {
      when: "the name or version of a program cannot be shown in a line of text",
      do: "give a shorter one, without control characters",
    },
  };
  /** The member that is wrong, `name` or `version`; empty when the whole is. */
  readonly member: string;

  constructor(member: string, fault: Fault) {
    super("LUO_PROGRAM", `program${member === "" ? "" : `, ${member}`}`, fault);
    this.member = member;
  }
}

/** The most bytes of UTF-8 of a name and of a version: so many fit into the header of an image. */
export const MAX_PROGRAM = { name: 95, version: 63 } as const;

function text(least: number, most: number) {
  const expected = `text of ${least} to ${most} bytes of UTF-8 without control characters`;
  const fits = (value: string) => value.length >= least && utf8.encode(value).length <= most;
  return v.pipe(v.string(expected), v.regex(/^[^\p{C}]*$/u, expected), v.check(fits, expected));
}

const utf8 = new TextEncoder();

/** The shape of a program in a message. */
export const programShape = jsonObject({
  name: text(1, MAX_PROGRAM.name),
  version: text(0, MAX_PROGRAM.version),
}) satisfies JsonShape<Program>;

/**
 * Checks a program.
 *
 * @throws {ProgramError} when its name or version is outside the limits of `Program`
 */
export function parseProgram(input: unknown): Program {
  return readJson<Program>(programShape, input, (path, fault) => new ProgramError(path, fault));
}

/** Gives the name and the version of a program, as in `kv-server 1.4.0`. */
export function programLabel({ name, version }: Program): string {
  return version === "" ? name : `${name} ${version}`;
}

/**
 * Names a program by its role, and by its name if that is known: `the successor (kv-server 1.4.0)`.
 */
export function inRole(role: string, program: Program | undefined): string {
  return program === undefined ? role : `${role} (${programLabel(program)})`;
}
