import {
  codecOf,
  describe,
  fingerprintOf,
  LuoStruct,
  layoutOf,
  type Sequence,
  type StructClass,
  type StructCodec,
  u32,
  u64,
} from "@luo/struct";
import { BadAddressError } from "./errors.js";
import type { PreservedMemory } from "./preserved-memory.js";

/**
 * An array is a header and a chain of extents. A field refers to the header by its address, so the
 * array grows by adding extents and nothing that lies in memory ever moves.
 */
@LuoStruct(0, { family: "luo.array" })
class ArrayHeader {
  /** Elements in use. */
  @u64.number count = 0;
  /** Address of the first extent; 0 for none. */
  @u64 first = 0n;
  /** The layout fingerprint of the element's class. */
  @u64 fingerprint = 0n;
  /** Bytes per element. */
  @u32 elementSize = 0;
  @u32 reserved = 0;
}

/** Room for `capacity` elements, which follow it in memory. */
@LuoStruct(0, { family: "luo.extent" })
class ArrayExtent {
  /** Address of the next extent; 0 for none. */
  @u64 next = 0n;
  /** Elements that fit; every extent but the last is full. */
  @u64.number capacity = 0;
}

const headerCodec = codecOf(ArrayHeader);
const extentCodec = codecOf(ArrayExtent);

/** An extent as the program holds it. */
interface Run {
  /** Of the extent, as an offset in bytes. */
  readonly offset: number;
  /** Index of its first element in the array. */
  readonly from: number;
  readonly capacity: number;
}

/** Elements decoded at a time while iterating: enough to be fast, and little on the heap. */
const SLICE = 1024;

/** An array in preserved memory. Elements are decoded when they are asked for. */
export class PreservedArray<T extends object = object> implements Sequence<T> {
  /** Of the header: what a `@ref` field holds. */
  readonly address: bigint;
  readonly #memory: PreservedMemory;
  readonly #struct: StructClass<T>;
  readonly #codec: StructCodec<T>;
  readonly #header: ArrayHeader;
  readonly #runs: Run[];

  /** Use `allocArray` or `restoreArray`. */
  constructor(
    memory: PreservedMemory,
    struct: StructClass<T>,
    address: bigint,
    header: ArrayHeader,
    runs: Run[],
  ) {
    this.address = address;
    this.#memory = memory;
    this.#struct = struct;
    this.#codec = codecOf(struct);
    this.#header = header;
    this.#runs = runs;
  }

  get length(): number {
    return this.#header.count;
  }

  at(index: number): T | undefined {
    const wanted = index < 0 ? this.length + index : index;
    const run = this.#runs.find(({ from, capacity }) => wanted < from + capacity);
    if (!Number.isInteger(wanted) || wanted < 0 || wanted >= this.length || run === undefined) {
      return undefined;
    }
    return this.#codec.decode(this.#memory.bytes, this.#place(run, wanted), this.#memory);
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const run of this.#runs) {
      const end = Math.min(run.from + run.capacity, this.length);
      for (let index = run.from; index < end; index += SLICE) {
        const count = Math.min(SLICE, end - index);
        const offset = this.#place(run, index);
        yield* this.#codec.decodeArray(this.#memory.bytes, offset, count, this.#memory);
      }
    }
  }

  /**
   * Adds elements at the end, in new extents where the last is full.
   *
   * @throws {FieldRangeError} when an element does not fit its struct; the length is then as before
   */
  append(elements: Sequence<T>): void {
    const values = Array.isArray(elements) ? (elements as readonly T[]) : Array.from(elements);
    const before = this.length;
    for (let done = 0; done < values.length; ) {
      const index = before + done;
      const run = this.#runWithRoom(index, values.length - done);
      const room = run.from + run.capacity - index;
      const whole = done === 0 && room >= values.length;
      const slice = whole ? values : values.slice(done, done + room);
      this.#write(slice, this.#place(run, index));
      done += slice.length;
    }
    this.#header.count = before + values.length;
    this.#writeHeader();
  }

  #place(run: Run, index: number): number {
    return run.offset + extentCodec.size + (index - run.from) * this.#codec.size;
  }

  #write(values: readonly T[], offset: number): void {
    if (!layoutOf(this.#struct).references) {
      this.#codec.encodeArray(values, this.#memory.bytes, offset);
      return;
    }
    for (const [index, value] of values.entries()) {
      this.#memory.write(this.#struct, value, offset + index * this.#codec.size);
    }
  }

  #runWithRoom(index: number, wanted: number): Run {
    const last = this.#runs.at(-1);
    if (last !== undefined && last.from + last.capacity > index) return last;
    const run: Run = {
      capacity: Math.max(wanted, (last?.capacity ?? 0) * 2),
      from: index,
      offset: 0,
    };
    const address = this.#memory.allocate(extentCodec.size + run.capacity * this.#codec.size);
    const placed = { ...run, offset: Number(address) };
    extentCodec.encode({ next: 0n, capacity: run.capacity }, this.#memory.bytes, placed.offset);
    if (last === undefined) {
      this.#header.first = address;
      this.#writeHeader();
    } else {
      const { capacity, offset } = last;
      extentCodec.encode({ next: address, capacity }, this.#memory.bytes, offset);
    }
    this.#runs.push(placed);
    return placed;
  }

  #writeHeader(): void {
    headerCodec.encode(this.#header, this.#memory.bytes, Number(this.address));
  }
}

/** Allocates an empty array; `append` fills it. */
export function allocArray<T extends object>(
  memory: PreservedMemory,
  struct: StructClass<T>,
): PreservedArray<T> {
  const address = memory.allocate(headerCodec.size);
  const header = Object.assign(new ArrayHeader(), {
    fingerprint: fingerprintOf(struct),
    elementSize: codecOf(struct).size,
  });
  headerCodec.encode(header, memory.bytes, Number(address));
  return new PreservedArray(memory, struct, address, header, []);
}

/**
 * The array at an address. The whole chain of extents is checked first; elements are not read.
 *
 * @throws {BadAddressError} when the header or an extent cannot be right, or the elements are of
 *   another layout
 */
export function restoreArray<T extends object>(
  memory: PreservedMemory,
  address: bigint,
  struct: StructClass<T>,
): PreservedArray<T> {
  const { name } = describe(struct);
  const { size } = codecOf(struct);
  const bad = (problem: string): never => {
    throw new BadAddressError(address, `the array of ${name} ${problem}`);
  };
  const header = headerCodec.decode(
    memory.bytes,
    memory.locate(address, headerCodec.size, `the header of an array of ${name}`),
  );
  if (header.fingerprint !== fingerprintOf(struct) || header.elementSize !== size) {
    bad(
      `holds elements of ${header.elementSize} bytes with fingerprint ${header.fingerprint.toString(16)}, expected ${size} bytes with ${fingerprintOf(struct).toString(16)}`,
    );
  }
  const runs: Run[] = [];
  let from = 0;
  for (let next = header.first; next !== 0n; ) {
    const offset = memory.locate(next, extentCodec.size, `an extent of an array of ${name}`);
    const extent = extentCodec.decode(memory.bytes, offset);
    const bytes = extentCodec.size + extent.capacity * size;
    memory.locate(next, bytes, `an extent with ${extent.capacity} elements of ${name}`);
    // Extents that hold something cannot be more than fit in memory: a chain that loops ends here.
    if (extent.capacity === 0) bad("has an extent without room");
    runs.push({ offset, from, capacity: extent.capacity });
    from += extent.capacity;
    if (from * size > memory.end) bad("has extents that overlap or form a loop");
    next = extent.next;
  }
  if (header.count > from) bad(`counts ${header.count} elements, but its extents hold ${from}`);
  return new PreservedArray(memory, struct, address, header, runs);
}
