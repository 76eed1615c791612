import { spawnSync } from "node:child_process";
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { layoutOf, type PerKind, perKind, type StructClass } from "@luo/struct";

/** The reader in Python, and the program's values as it prints them. */

const READER = fileURLToPath(new URL("./luo_image.py", import.meta.url));

export const hasPython = spawnSync("python3", ["--version"]).status === 0;

interface Copy {
  readonly family: string;
  readonly version: bigint;
  readonly size: bigint;
  readonly value: unknown;
}

/** What is printed. Integers are bigints, so that every digit is compared; floats are numbers. */
export interface Printed {
  readonly generation: bigint;
  readonly length: bigint;
  readonly format: bigint;
  /** What the header says of who wrote the image; null where there is no header. */
  readonly program: { readonly name: string; readonly version: string } | null;
  readonly schemas: readonly unknown[];
  readonly objects: readonly { readonly identifier: string; readonly copies: readonly Copy[] }[];
  /** By address; what refers to one is `{ array: address }`. */
  readonly arrays: Readonly<Record<string, readonly unknown[]>>;
  readonly pools: readonly {
    readonly name: string;
    readonly allocations: readonly { readonly address: bigint; readonly bytes: bigint }[];
  }[];
}

const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** JSON with integers as bigints. */
export function parse(json: string): unknown {
  const marked = json.replace(TEXT_OR_NUMBER, (token) =>
    /^-?\d+$/.test(token) ? `{"integer":"${token}"}` : token,
  );
  return JSON.parse(marked, (_, value) =>
    typeof value?.integer === "string" ? BigInt(value.integer) : value,
  );
}

/** What the reader says of each image: what it prints, or what is damaged. */
export type Outcome = { readonly printed: string } | { readonly damaged: string };

/** An image, or the pieces of one that is too large to be in memory: the rest is zeros. */
export type ImageFile = Uint8Array | SparseImage;

export interface SparseImage {
  readonly length: number;
  readonly pieces: readonly { readonly at: number; readonly bytes: Uint8Array }[];
}

function writeImage(path: string, image: ImageFile): void {
  if (image instanceof Uint8Array) {
    writeFileSync(path, image);
    return;
  }
  const file = openSync(path, "w");
  ftruncateSync(file, image.length);
  for (const { at, bytes } of image.pieces) writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

const COMPLAINT = /^luo_image\.py: .*?image-(\d+): (.*)$/;

/**
 * Runs the reader once for all the images, since Python takes longer to start than to read.
 *
 * @throws {Error} with what it says when it fails in any other way than by its complaints
 */
export function run(images: readonly ImageFile[], ...options: readonly string[]): Outcome[] {
  const folder = mkdtempSync(join(tmpdir(), "luo-images-"));
  const paths = images.map((image, index) => {
    const path = join(folder, `image-${index}`);
    writeImage(path, image);
    return path;
  });
  const limits = { encoding: "utf8", maxBuffer: 2 ** 28, timeout: 20_000 } as const;
  const command = ["-B", READER, ...options, ...paths];
  const { status, stdout, stderr } = spawnSync("python3", command, limits);
  rmSync(folder, { recursive: true });
  const damaged = new Map<number, string>();
  for (const line of stderr.split("\n").slice(0, -1)) {
    const [, index, complaint] = COMPLAINT.exec(line) ?? [];
    if (index === undefined || complaint === undefined) throw new Error(stderr);
    damaged.set(Number(index), complaint);
  }
  if (status !== (damaged.size > 0 ? 1 : 0)) throw new Error(`status ${status}\n${stderr}`);
  const lines = stdout.split("\n");
  return images.map((_, index) => {
    const complaint = damaged.get(index);
    return complaint === undefined ? { printed: lines.shift() ?? "" } : { damaged: complaint };
  });
}

/** What the reader prints of an image that is whole. */
export function read(image: Uint8Array): Printed {
  const [outcome] = run([image]);
  if (outcome === undefined || "damaged" in outcome) throw new Error(outcome?.damaged);
  return parse(outcome.printed) as Printed;
}

const float = (number: number) => (Number.isFinite(number) ? number : `${number}`);

const PRINTED: PerKind<unknown, never> = {
  scalar: ({ value, bounds }, found: number | bigint | boolean) =>
    value === "boolean" ? found : bounds === undefined ? float(Number(found)) : BigInt(found),
  enum: (_, found: number | string) => (typeof found === "number" ? BigInt(found) : found),
  bits: ({ of }, found: number | bigint | boolean) =>
    of.value === "boolean" ? found : BigInt(found),
  char: (_, found) => found,
  bytes: (_, found: Uint8Array) => Buffer.from(found).toString("hex"),
  array: ({ of }, found: unknown[]) =>
    found.map((element) => perKind(PRINTED, of, element as never)),
  flexible: ({ of }, found: unknown[]) =>
    found.map((element) => perKind(PRINTED, of, element as never)),
  struct: ({ of }, found) => asPrinted(of(), found),
  union: (_, found: object) => asPrinted(found.constructor as StructClass, found),
  ref: ({ of }, found: Iterable<object>) =>
    Array.from(found, (element) => asPrinted(of(), element)),
  reserved: () => undefined,
};

/** A value that the program took, as it is printed, with what it refers to in place. */
export function asPrinted(struct: StructClass, value: object): Record<string, unknown> {
  const named = layoutOf(struct).fields.filter(({ type }) => type.kind !== "reserved");
  return Object.fromEntries(
    named.map(({ name, type }) => [
      name,
      perKind(PRINTED, type, (value as Record<string, unknown>)[name] as never),
    ]),
  );
}

/** A printed value with the arrays in the place of references to them, which run in no circle. */
export function resolved(value: unknown, arrays: Printed["arrays"]): unknown {
  if (Array.isArray(value)) return value.map((element) => resolved(element, arrays));
  if (typeof value !== "object" || value === null) return value;
  const { array, ...others } = value as Record<string, unknown>;
  if (typeof array === "bigint" && Object.keys(others).length === 0) {
    return resolved(arrays[`${array}`], arrays);
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, resolved(field, arrays)]),
  );
}
