import {
  BadAddressError,
  checksum,
  type PreservedMemory,
  readArrayHeader,
  readArrayTable,
  tableCapacity,
} from "@luo/memory";
import { fingerprintOf, type Memory, type StructLayout } from "@luo/struct";
import type { Layouts } from "./layouts.js";
import { type Step, stepsOf, type Trail } from "./reference-steps.js";
import type { ImageSchema } from "./schemas.js";

/** A field that refers to an array. */
export interface Reference {
  /** Address of the array's header. */
  readonly array: number;
  /** Address of the u64 that holds it. */
  readonly at: number;
  /** Whether that u64 is big-endian. */
  readonly big: boolean;
  /** What the field lies in: the address of the object, or of the header of the array of its element. */
  readonly within: number;
}

/** Is told of all that an object consists of, as it is found. */
export interface ReferenceVisitor {
  /**
   * A field that refers to an array. Several may refer to one: returning false leaves out what is
   * behind this one, its header included.
   */
  reference(reference: Reference): boolean;
  /** An allocation: the object itself, or a header, a table or an extent of an array. */
  allocation(address: number, bytes: number, what: string): void;
}

interface WalkOptions {
  /** Whether the elements of arrays are held against their checksums; false by default. */
  readonly contents?: boolean;
}

/** Structs in a row that are still to be looked at: there may be more than a list has room for. */
interface Row {
  readonly layout: StructLayout;
  /** Of each struct. */
  readonly bytes: number;
  readonly memory: Memory;
  /** What is added to an offset in the memory to get an address. */
  readonly base: number;
  readonly within: number;
  /** In the memory, of the next struct. */
  offset: number;
  left: number;
}

/** Bytes of an array's header, and of an entry of its table. */
const [HEADER_BYTES, TABLE_ENTRY_BYTES] = [40, 16];

/**
 * Goes along the references of objects by the layouts of their structs, so it needs no class of the
 * program: to take account of memory, to free what an object consists of, and to look for what cannot
 * be right. It reads references, and the integers that tell where those are, and decodes nothing.
 */
export class ReferenceWalk {
  readonly #memory: PreservedMemory;
  readonly #layouts: Layouts;

  constructor(memory: PreservedMemory, layouts: Layouts) {
    this.#memory = memory;
    this.#layouts = layouts;
  }

  /**
   * Visits an object and every array behind it, for as long as the visitor goes into those: one that
   * goes into each array once comes to an end also where references run in a circle. Nothing is kept on
   * the stack for an array, so lists may be of any length.
   *
   * @throws {BadAddressError} when something cannot lie where it is said to
   * @throws {BadImageError} when the schemas of the image describe no layouts
   */
  walk(
    schema: ImageSchema,
    address: number,
    bytes: number,
    visitor: ReferenceVisitor,
    { contents = false }: WalkOptions = {},
  ): void {
    const layout = this.#layouts.get(schema);
    const { memory, offset } = locate(this.#memory, address, bytes, layout.name);
    visitor.allocation(address, bytes, layout.name);
    if (!layout.references) return;
    if (layout.size > bytes) {
      throw new BadAddressError(address, `${layout.name} does not fit in the ${bytes} bytes there`);
    }
    const base = address - offset;
    const rows: Row[] = [{ layout, bytes, memory, base, within: address, offset, left: 1 }];
    for (let row = rows.at(-1); row !== undefined; row = rows.at(-1)) {
      // Arrays that are found go first; the rest of the row waits below them.
      const found = rows.length;
      const trail = new ArrayTrail(this.#memory, row, rows, visitor, contents);
      const steps = stepsOf(row.layout);
      while (row.left > 0 && rows.length === found) trail.next(row, steps);
      if (row.left === 0) rows.splice(found - 1, 1);
    }
  }
}

/** Follows the references of the structs in a row. */
class ArrayTrail implements Trail {
  readonly memory: Memory;
  readonly base: number;
  end = 0;
  readonly #preserved: PreservedMemory;
  readonly #within: number;
  readonly #rows: Row[];
  readonly #visitor: ReferenceVisitor;
  readonly #contents: boolean;

  constructor(
    preserved: PreservedMemory,
    row: Row,
    rows: Row[],
    visitor: ReferenceVisitor,
    contents: boolean,
  ) {
    this.memory = row.memory;
    this.base = row.base;
    this.#preserved = preserved;
    this.#within = row.within;
    this.#rows = rows;
    this.#visitor = visitor;
    this.#contents = contents;
  }

  /** Follows the next struct of the row. */
  next(row: Row, steps: readonly Step[]): void {
    const start = row.offset;
    row.offset += row.bytes;
    row.left--;
    this.end = row.offset;
    for (const { offset, follow } of steps) follow(this, start + offset, start);
  }

  array(element: StructLayout, at: number, big: boolean): void {
    const { name, size } = element;
    const preserved = this.#preserved;
    const found = this.memory.view.getBigUint64(at, !big);
    const header = readArrayHeader(preserved, found, name, size);
    if (header.fingerprint !== fingerprintOf(element.struct)) {
      throw new BadAddressError(found, `the array of ${name} holds elements of another layout`);
    }
    const array = Number(found);
    const reference = { array, at: this.base + at, big, within: this.#within };
    if (!this.#visitor.reference(reference)) return;
    const what = `of an array of ${name}`;
    this.#visitor.allocation(array, HEADER_BYTES, `the header ${what}`);
    const extents = readArrayTable(preserved, found, name, header);
    if (extents.length === 0) return;
    const table = tableCapacity(extents.length) * TABLE_ENTRY_BYTES;
    this.#visitor.allocation(header.table, table, `the table ${what}`);
    let left = header.count;
    for (const { address, capacity, checksum: expected } of extents) {
      this.#visitor.allocation(address, capacity * size, `an extent ${what}`);
      const used = Math.min(left, capacity);
      left -= used;
      const { memory, offset } = locate(preserved, address, capacity * size, `an extent ${what}`);
      if (this.#contents && checksum(memory, offset, used * size) !== expected) {
        throw new BadAddressError(address, `an extent ${what} has changed since it was written`);
      }
      if (!element.references || used === 0) continue;
      const base = address - offset;
      const row = { layout: element, bytes: size, memory, base, within: array, offset, left: used };
      this.#rows.push(row);
    }
  }
}

/** Where the bytes at an address lie: all that the walk knows of how memory is kept. */
function locate(
  memory: PreservedMemory,
  address: number,
  bytes: number,
  what: string,
): { readonly memory: Memory; readonly offset: number } {
  return { memory: memory.bytes, offset: memory.locate(address, bytes, what) };
}
