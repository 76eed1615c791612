import {
  type AddressSpace,
  BadAddressError,
  HEADER_BYTES,
  readArrayHeader,
  readArrayTable,
  tableBytes,
} from "@luo/memory";
import { fingerprintOf, type Memory, type StructLayout } from "@luo/struct";
import type { Layouts } from "./layouts.js";
import { type Step, stepsOf, type Trail } from "./reference-steps.js";
import type { ImageSchema } from "./schemas.js";

/** The elements of an array in one of its extents. */
interface ArrayRow {
  /** Address of the array's header. */
  readonly array: number;
  readonly element: StructLayout;
  /** Address of the first element in the extent, and its index in the array. */
  readonly first: number;
  readonly from: number;
}

/** A field that refers to an array. */
export interface Reference {
  /**
   * The address in the field: that of the array's header, or a former one if the array has moved.
   */
  readonly array: number;
  /** Address of the field, a u64. */
  readonly at: number;
  /** True when the field is big-endian. */
  readonly big: boolean;
  /** The elements among which the field lies; undefined when it lies in the object itself. */
  readonly holder: ArrayRow | undefined;
}

/**
 * Gives the address of the array that a reference leads to now; undefined when it is the one in the
 * field.
 */
export type Redirect = (reference: Reference) => number | undefined;

/** Receives the references and allocations of an object as the walk finds them. */
export interface ReferenceVisitor {
  /** Called first for each reference. Without it, every array lies at the address in the field. */
  readonly redirect?: Redirect;
  /**
   * Called for each reference to the array at an address; several references may lead to one array.
   * Returning false skips the array this time, its header included.
   */
  reference(array: number): boolean;
  /**
   * Called for each allocation: the object itself, or the header, the table or an extent of an
   * array.
   */
  allocation(address: number, bytes: number, what: string): void;
  /** Called for the elements of each extent that are in use. */
  readonly elements?: (elements: ExtentElements) => void;
}

/** The elements in use of one extent. */
export interface ExtentElements {
  readonly element: StructLayout;
  /** Address of the first. */
  readonly address: number;
  /** At least 1. */
  readonly count: number;
  /** The checksum that is stored for them. */
  readonly checksum: number;
}

/**
 * Structs in a row that are still to be visited. A row stands for all of them, as there may be
 * millions.
 */
interface Row {
  readonly layout: StructLayout;
  /** Bytes of each struct. */
  readonly bytes: number;
  readonly memory: Memory;
  /** The address of offset 0 in the memory. */
  readonly base: number;
  readonly holder: ArrayRow | undefined;
  /** Offset in the memory of the next struct. */
  offset: number;
  left: number;
}

/**
 * Walks the references of objects by the layouts in the image, without any class of the program.
 * The walk serves to account for memory, to free an object with its arrays, and to verify. It reads
 * references and the integers that they depend on, and decodes nothing else.
 */
export class ReferenceWalk {
  readonly #memory: AddressSpace;
  readonly #layouts: Layouts;

  constructor(memory: AddressSpace, layouts: Layouts) {
    this.#memory = memory;
    this.#layouts = layouts;
  }

  /**
   * Visits an object and every array behind it that the visitor enters. A visitor that enters each
   * array once ends also where references form a circle. The walk keeps its own list of rows
   * instead of calling itself, so linked lists of any length need no stack.
   *
   * @throws {BadAddressError} when an allocation cannot lie at its address
   * @throws {BadImageError} when the schemas of the image do not describe a layout
   */
  walk(schema: ImageSchema, address: number, bytes: number, visitor: ReferenceVisitor): void {
    const layout = this.#layouts.get(schema);
    const { memory, offset } = this.#memory.locate(address, bytes, layout.name);
    visitor.allocation(address, bytes, layout.name);
    if (!layout.references) return;
    if (layout.size > bytes) {
      throw new BadAddressError(address, `${layout.name} does not fit in the ${bytes} bytes there`);
    }
    const base = address - offset;
    const rows: Row[] = [{ layout, bytes, memory, base, holder: undefined, offset, left: 1 }];
    for (let row = rows.at(-1); row !== undefined; row = rows.at(-1)) {
      // Arrays that were just found are walked first; the rest of the row waits below them.
      const found = rows.length;
      const trail = new ArrayTrail(this.#memory, row, rows, visitor);
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
  readonly #preserved: AddressSpace;
  readonly #holder: ArrayRow | undefined;
  readonly #rows: Row[];
  readonly #visitor: ReferenceVisitor;

  constructor(preserved: AddressSpace, row: Row, rows: Row[], visitor: ReferenceVisitor) {
    this.memory = row.memory;
    this.base = row.base;
    this.#preserved = preserved;
    this.#holder = row.holder;
    this.#rows = rows;
    this.#visitor = visitor;
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
    const stored = this.memory.view.getBigUint64(at, !big);
    const array = this.#target(stored, at, big);
    const identity = { address: array ?? stored, name };
    const header = readArrayHeader(preserved, identity, size);
    if (header.fingerprint !== fingerprintOf(element.struct)) {
      const problem = `the array of ${name} holds elements of another layout`;
      throw new BadAddressError(identity.address, problem);
    }
    const address = Number(identity.address);
    if (!this.#visitor.reference(address)) return;
    const what = `of an array of ${name}`;
    this.#visitor.allocation(address, HEADER_BYTES, `the header ${what}`);
    const extents = readArrayTable(preserved, identity, header);
    if (extents.length === 0) return;
    this.#visitor.allocation(header.table, tableBytes(extents.length), `the table ${what}`);
    let from = 0;
    for (const { address: first, capacity, checksum } of extents) {
      this.#visitor.allocation(first, capacity * size, `an extent ${what}`);
      const used = Math.min(header.count - from, capacity);
      if (used > 0) this.#visitor.elements?.({ element, address: first, count: used, checksum });
      if (element.references && used > 0) {
        const { memory, offset } = preserved.at(first);
        const holder = { array: address, element, first, from };
        const row = { layout: element, bytes: size, memory, base: first - offset, holder, offset };
        this.#rows.push({ ...row, left: used });
      }
      from += used;
    }
  }

  /** Gives the address that the array of a reference has moved to; undefined when it has not. */
  #target(stored: bigint, at: number, big: boolean): number | undefined {
    const { redirect } = this.#visitor;
    if (redirect === undefined) return undefined;
    return redirect({ array: Number(stored), at: this.base + at, big, holder: this.#holder });
  }
}
