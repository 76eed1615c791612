/** Byte order of a number in memory. */
export type Endian = "little" | "big";

/** The rules of one platform's C ABI, on which layouts depend beside the declaration. */
export interface Abi {
  readonly name: string;
  /** The byte order of structs and fields that declare none; bitfields fill from its first bit. */
  readonly endian: Endian;
  /** Alignment of 8-byte numbers inside a struct, in bytes. */
  readonly wideAlign: 4 | 8;
  /** True when a bitfield without a name aligns the struct to its type. */
  readonly unnamedBitsAlign: boolean;
}

/**
 * The ABIs that layouts can be computed for. Sources: the System V psABI of x86-64 (3.1.2) and of
 * i386 (2.1), AAPCS64 (10.1.8), the z/Architecture ELF ABI (1.2).
 */
export const ABIS = {
  "x86-64": { name: "x86-64", endian: "little", wideAlign: 8, unnamedBitsAlign: false },
  i386: { name: "i386", endian: "little", wideAlign: 4, unnamedBitsAlign: false },
  arm64: { name: "arm64", endian: "little", wideAlign: 8, unnamedBitsAlign: true },
  s390x: { name: "s390x", endian: "big", wideAlign: 8, unnamedBitsAlign: false },
} as const satisfies Record<string, Abi>;

/** The ABI of images on every machine: little-endian with natural alignment. */
export const DEFAULT_ABI: Abi = ABIS["x86-64"];
