import { Extent, Folio, MemfdV0, MemfdV1, MemfdV2 } from "@luo/memfd";
import { ListenerV0 } from "@luo/socket";
import type { StructClass } from "@luo/struct";
import * as kv1 from "../../examples/kv-server/src/v1/state.js";
import * as kv2 from "../../examples/kv-server/src/v2/state.js";

/** What a version wrote into its image, and what every later version finds there. */
export interface Golden {
  /** `family@version` or what is particular about the image, and the name of the file. */
  readonly name: string;
  /** The classes of its version and of all later ones, as a release has them. */
  readonly readers: readonly StructClass[];
  readonly value: object;
  /** For each reader, written out by hand. */
  readonly found: readonly object[];
  /** What is in the image but for the object; nothing by default. */
  readonly beside?: Beside;
  /** False when the writer computed no checksums of contents; true by default. */
  readonly checksums?: boolean;
}

/** Resident pools, and generations before the one with the object. */
interface Beside {
  /** By name of the pool, the bytes of each allocation. */
  readonly pools: Readonly<Record<string, readonly number[]>>;
  /** Each puts another object in place of the one before, and all pools are there from the first on. */
  readonly generations: number;
}

const PIECES = { size: 14_000n, pos: 4097n };
const SPARSE = { size: 2n ** 40n + 1n, pos: 0n };
const SHORT = { key: "greeting", offset: 0, length: 5, capacity: 8 };
const LONG = { key: `ключ/€/${"k".repeat(220)}`, offset: 8, length: 0, capacity: 0 };

const of = <T extends object>(struct: StructClass<T>, fields: Partial<T>): T =>
  Object.assign(new struct(), fields);

const extents = (...list: readonly (readonly [offset: bigint, length: bigint])[]) =>
  list.map(([offset, length]) => of(Extent, { offset, length }));

/** A new version adds a row here, and a reader to the rows above it. */
export const GOLDEN: readonly Golden[] = [
  {
    name: "memfd@0",
    readers: [MemfdV0, MemfdV1, MemfdV2],
    value: of(MemfdV0, {
      ...PIECES,
      folios: [1, 1, 0, 1].map((flags, index) => of(Folio, { index: BigInt(index), flags })),
    }),
    found: [
      {
        ...PIECES,
        folios: [
          { index: 0n, flags: 1, reserved: 0 },
          { index: 1n, flags: 1, reserved: 0 },
          { index: 2n, flags: 0, reserved: 0 },
          { index: 3n, flags: 1, reserved: 0 },
        ],
      },
      {
        ...PIECES,
        folios: [
          { offset: 0n, length: 8192n },
          { offset: 12_288n, length: 1712n },
        ],
      },
      {
        ...PIECES,
        seals: 0,
        flags: 0,
        folios: [
          { offset: 0n, length: 8192n },
          { offset: 12_288n, length: 1712n },
        ],
      },
    ],
  },
  {
    name: "memfd@1",
    readers: [MemfdV1, MemfdV2],
    value: of(MemfdV1, { ...SPARSE, folios: extents([4096n, 8192n], [2n ** 40n, 1n]) }),
    found: [
      {
        ...SPARSE,
        folios: [
          { offset: 4096n, length: 8192n },
          { offset: 1_099_511_627_776n, length: 1n },
        ],
      },
      {
        ...SPARSE,
        seals: 0,
        flags: 0,
        folios: [
          { offset: 4096n, length: 8192n },
          { offset: 1_099_511_627_776n, length: 1n },
        ],
      },
    ],
  },
  {
    name: "memfd@2",
    readers: [MemfdV2],
    value: of(MemfdV2, { ...SPARSE, seals: 15, folios: extents([4096n, 8192n]) }),
    found: [{ ...SPARSE, seals: 15, flags: 0, folios: [{ offset: 4096n, length: 8192n }] }],
  },
  {
    name: "listener@0",
    readers: [ListenerV0],
    value: of(ListenerV0, { address: "2001:db8::8:800:200c:417a", port: 8443 }),
    found: [{ address: "2001:db8::8:800:200c:417a", port: 8443 }],
  },
  {
    name: "kv.table@0",
    readers: [kv1.TableV0, kv2.TableV1],
    value: of(kv1.TableV0, {
      used: 8,
      slots: [SHORT, LONG].map((slot) => of(kv1.SlotV0, slot)),
    }),
    found: [
      { used: 8, slots: [SHORT, LONG] },
      {
        used: 8,
        slots: [
          { ...SHORT, modified: 0 },
          { ...LONG, modified: 0 },
        ],
      },
    ],
  },
  {
    name: "kv.table@1",
    readers: [kv2.TableV1],
    value: of(kv2.TableV1, {
      used: 8,
      slots: [of(kv2.SlotV1, { ...SHORT, modified: 1_700_000_000_000 })],
    }),
    found: [{ used: 8, slots: [{ ...SHORT, modified: 1_700_000_000_000 }] }],
  },
  {
    name: "generations",
    readers: [kv2.TableV1],
    value: of(kv2.TableV1, { used: 3, slots: [of(kv2.SlotV1, { ...SHORT, modified: 1 })] }),
    found: [{ used: 3, slots: [{ ...SHORT, modified: 1 }] }],
    beside: { pools: { index: [24, 24, 8], räksmörgås: [5000], empty: [] }, generations: 4 },
  },
  {
    name: "no-checksums",
    readers: [MemfdV2],
    value: of(MemfdV2, { ...SPARSE, seals: 15, folios: extents([4096n, 8192n]) }),
    found: [{ ...SPARSE, seals: 15, flags: 0, folios: [{ offset: 4096n, length: 8192n }] }],
    checksums: false,
  },
];

/** What was written before format 3. */
export const GOLDEN_2 = GOLDEN.slice(0, 6);
