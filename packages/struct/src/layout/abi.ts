/** Byte order of a number in memory. */
export type Endian = "little" | "big";

/** What layouts depend on beyond the declaration: the rules of one platform's C ABI. */
export interface Abi {
  readonly name: string;
  /** Byte order where neither struct nor field says another; bitfields fill from its first bit. */
  readonly endian: Endian;
  /** Alignment of 8-byte numbers inside a struct, in bytes. */
  readonly wideAlign: 4 | 8;
  /** Whether the type of a bitfield without a name aligns the struct. */
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

/** What images are written in: little-endian with natural alignment, on every machine. */
export const DEFAULT_ABI: Abi = ABIS["x86-64"];
