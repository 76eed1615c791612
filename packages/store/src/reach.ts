import {
  type AddressSpace,
  BadAddressError,
  checksum,
  HEADER_BYTES,
  readArrayHeader,
  readArrayTable,
  tableBytes,
} from "@luo/memory";
import { type Layout, Layouts } from "./layouts.js";
import type { SchemaType } from "./schema-type.js";
import { type ImageSchema, nameOf, type Schemas } from "./schemas.js";

/**
 * Is told of every allocation that an object consists of. More than one reference may lead to the
 * header of an array. When it returns false for one, the array is known already, and what is behind it
 * is left out; so all else is come upon once, unless it overlaps.
 */
export type Visit = (address: number, bytes: number, what: string, isHeader: boolean) => boolean;

/** Elements of an array in a row, in one extent. */
export interface ArrayRow {
  /** Address of the array's header. */
  readonly array: number;
  readonly schema: ImageSchema;
  /** Address of the first element in the extent, and its index in the array. */
  readonly first: number;
  readonly from: number;
}

/** A field that refers to an array. */
export interface Reference {
  /** Address of the field. */
  readonly at: number;
  /** True when the field is big-endian. */
  readonly big: boolean;
  /** The address that it holds. */
  readonly address: number;
  /** The elements among which the field lies; undefined when it lies in the object itself. */
  readonly holder: ArrayRow | undefined;
}

/** Is told of every reference, and gives another address to go on at, if any. */
export type Redirect = (reference: Reference) => number | undefined;

interface WalkOptions {
  /** Whether the elements of arrays are held against their checksums; false by default. */
  readonly contents?: boolean;
  readonly redirect?: Redirect;
}

/** A struct in memory, with where the bytes end that it and what follows it may take. */
interface Place {
  readonly layout: Layout;
  readonly address: number;
  readonly end: number;
  readonly row: ArrayRow | undefined;
}

/** Structs in a row that are still to be looked at: there may be more than a list has room for. */
interface Row {
  readonly layout: Layout;
  readonly bytes: number;
  address: number;
  left: number;
  readonly holder: ArrayRow | undefined;
}

/**
 * Goes along the references of objects by the layouts in the image, so it needs no class: to take
 * account of memory, to free what an object consists of, and to look for what cannot be right.
 */
export class Reach {
  readonly #memory: AddressSpace;
  readonly #layouts: Layouts;
  #contents = false;
  #redirect: Redirect = () => undefined;

  constructor(memory: AddressSpace, schemas: Schemas) {
    this.#memory = memory;
    this.#layouts = new Layouts(schemas);
  }

  /**
   * Whether a struct refers to anything.
   *
   * @throws {BadImageError} when the layouts of the image cannot be
   */
  refers(schema: ImageSchema): boolean {
    return this.#layouts.get(nameOf(schema)).refers;
  }

  /**
   * Visits an object and every array behind it. Every array is gone into once, so that circles end.
   *
   * @throws {BadAddressError} when something cannot lie where it is said to
   * @throws {BadImageError} when the layouts of the image cannot be
   */
  walk(
    schema: ImageSchema,
    address: number,
    bytes: number,
    visit: Visit,
    { contents = false, redirect = () => undefined }: WalkOptions = {},
  ): void {
    this.#contents = contents;
    this.#redirect = redirect;
    const layout = this.#layouts.get(nameOf(schema));
    this.#memory.locate(address, bytes, layout.name);
    visit(address, bytes, layout.name, false);
    if (!layout.refers) return;
    const rows: Row[] = [{ layout, bytes, address, left: 1, holder: undefined }];
    for (let row = rows.at(-1); row !== undefined; row = rows.at(-1)) {
      const { layout, address, bytes, holder } = row;
      const place = { layout, address, end: address + bytes, row: holder };
      row.address = place.end;
      row.left--;
      if (row.left === 0) rows.pop();
      this.#struct(place, rows, visit);
    }
  }

  /** A struct and those in it, which are no more than `Layouts` allows in each other. */
  #struct(place: Place, rows: Row[], visit: Visit): void {
    const { layout, address, end } = place;
    this.#layouts.checkPlaces(layout);
    if (address + layout.schema.size > end) {
      throw new BadAddressError(address, `${layout.name} does not fit where it lies`);
    }
    for (const { type, offset } of layout.fields) {
      this.#follow(type, address + offset, place, rows, visit);
    }
  }

  #follow(type: SchemaType, at: number, owner: Place, rows: Row[], visit: Visit): void {
    switch (type.kind) {
      case "plain":
        return;
      case "ref":
        this.#array(type.struct, at, type.big, owner, rows, visit);
        return;
      case "struct":
        this.#inner(type.struct, at, owner, rows, visit);
        return;
      case "array":
      case "flexible": {
        const stride = this.#layouts.sizeOf(type.of);
        const length =
          type.kind === "array" ? type.length : this.#count(type.count, owner, at, stride);
        for (let index = 0; index < length; index++) {
          this.#follow(type.of, at + index * stride, owner, rows, visit);
        }
        return;
      }
      case "union": {
        const struct = type.structs.get(this.#integer(owner, type.discriminator));
        // A value that stands for no struct is found when the object is read.
        if (struct !== undefined) this.#inner(struct, at, owner, rows, visit);
      }
    }
  }

  #inner(struct: string, at: number, owner: Place, rows: Row[], visit: Visit): void {
    const layout = this.#layouts.get(struct);
    if (layout.refers) this.#struct({ ...owner, layout, address: at }, rows, visit);
  }

  #array(struct: string, at: number, big: boolean, owner: Place, rows: Row[], visit: Visit): void {
    const element = this.#layouts.get(struct);
    const { size, fingerprint } = element.schema;
    const place = this.#memory.at(at);
    const stored = place.memory.view.getBigUint64(place.offset, !big);
    const reference = { at, big, address: Number(stored), holder: owner.row };
    const address = this.#redirect(reference) ?? stored;
    const identity = { address, name: struct };
    const header = readArrayHeader(this.#memory, identity, size);
    if (header.fingerprint !== BigInt(`0x${fingerprint}`)) {
      throw new BadAddressError(address, `the array of ${struct} holds elements of another layout`);
    }
    const what = `of an array of ${struct}`;
    if (!visit(Number(address), HEADER_BYTES, `the header ${what}`, true)) return;
    const extents = readArrayTable(this.#memory, identity, header);
    if (extents.length === 0) return;
    visit(header.table, tableBytes(extents.length), `the table ${what}`, false);
    let from = 0;
    for (const { address: first, capacity, checksum: expected } of extents) {
      visit(first, capacity * size, `an extent ${what}`, false);
      const used = Math.min(header.count - from, capacity);
      const { memory, offset } = this.#memory.at(first);
      if (this.#contents && checksum(memory, offset, used * size) !== expected) {
        throw new BadAddressError(first, `an extent ${what} has changed since it was written`);
      }
      if (element.refers && used > 0) {
        const holder = { array: Number(address), schema: element.schema, first, from };
        rows.push({ layout: element, bytes: size, address: first, left: used, holder });
      }
      from += used;
    }
  }

  /** How many elements of a flexible array there are, which cannot be more than fit. */
  #count(field: string | undefined, owner: Place, at: number, stride: number): number {
    const room = Math.floor((owner.end - at) / stride);
    if (field === undefined) return room;
    const count = Number(this.#integer(owner, field));
    if (count >= 0 && count <= room) return count;
    const problem = `${owner.layout.name} counts ${count} elements, but ${room} fit`;
    throw new BadAddressError(owner.address, problem);
  }

  /** The value of an integer field in decimal, or what an enum calls it. */
  #integer({ layout, address, end }: Place, name: string): string {
    const { first, signed, width, big, members } = this.#layouts.integer(layout, name);
    if (address + (first + width) / 8 > end) {
      throw new BadAddressError(
        address,
        `the integer ${name} of ${layout.name} lies behind its end`,
      );
    }
    const { memory, offset } = this.#memory.at(address);
    let value = 0n;
    for (let bit = 0; bit < width; bit++) {
      // Of little-endian numbers the least significant bit comes first, of others the most.
      const at = first + bit;
      const byte = memory.u8[memory.base + offset + (at >>> 3)] as number;
      if (big) value = (value << 1n) | BigInt((byte >>> (7 - (at & 7))) & 1);
      else value |= BigInt((byte >>> (at & 7)) & 1) << BigInt(bit);
    }
    const number = `${signed ? BigInt.asIntN(width, value) : value}`;
    return members.get(number) ?? number;
  }
}
