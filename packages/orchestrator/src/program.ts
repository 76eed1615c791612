import { LuoError } from "@luo/struct";
import { type JsonShape, jsonObject, readJson } from "@luo/version/json";
import * as v from "valibot";

/** A program by name and version, as errors and reports name it. */
export interface Program {
  /** 1 to 128 characters, none of them a control character. */
  readonly name: string;
  /** At most 64 characters, none of them a control character; empty where nothing tells the version. */
  readonly version: string;
}

/** The name or version of a program cannot be shown in a line of text. */
export class ProgramError extends LuoError {
  /** Either `name` or `version`; empty for the whole. */
  readonly member: string;

  constructor(member: string, problem: string) {
    super("LUO_PROGRAM", `program${member === "" ? "" : `, ${member}`}: ${problem}`);
    this.member = member;
  }
}

const text = (pattern: RegExp, expected: string) =>
  v.pipe(v.string(expected), v.regex(pattern, expected));

/** The shape of a program in a message of the other one. */
export const programShape = jsonObject({
  name: text(/^[^\p{C}]{1,128}$/u, "text of 1 to 128 characters without control characters"),
  version: text(/^[^\p{C}]{0,64}$/u, "text of at most 64 characters without control characters"),
}) satisfies JsonShape<Program>;

/** @throws {ProgramError} when name or version are not as `Program` says */
export function parseProgram(input: unknown): Program {
  return readJson<Program>(programShape, input, (path, problem) => new ProgramError(path, problem));
}

/** The name and the version, as in `kv-server 1.4.0`. */
export function programLabel({ name, version }: Program): string {
  return version === "" ? name : `${name} ${version}`;
}

/** Names a program by its part in the update, and itself if it is known: `the successor (kv-server 1.4.0)`. */
export function inRole(role: string, program: Program | undefined): string {
  return program === undefined ? role : `${role} (${programLabel(program)})`;
}
