/** What is read of an ELF object: the machine that it is for, and the bytes of each symbol. */
export interface Elf {
  readonly machine: number;
  symbol(name: string): Uint8Array;
}

const SYMBOL_TABLE = 2;
const NO_BITS = 8;

/** Reads a relocatable object of 32 or 64 bits, of either byte order. */
export function readElf(file: Uint8Array): Elf {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.getUint32(0) !== 0x7f454c46) throw new Error("no ELF file");
  const wide = file[4] === 2;
  const little = file[5] === 1;
  const half = (at: number) => view.getUint16(at, little);
  const word = (at: number) => view.getUint32(at, little);
  const address = (at: number) => (wide ? Number(view.getBigUint64(at, little)) : word(at));
  const pick = (at64: number, at32: number) => (wide ? at64 : at32);

  const table = address(pick(0x28, 0x20));
  const entry = half(pick(0x3a, 0x2e));
  const sections = Array.from({ length: half(pick(0x3c, 0x30)) }, (_, index) => {
    const at = table + index * entry;
    return {
      type: word(at + 4),
      offset: address(at + pick(0x18, 0x10)),
      size: address(at + pick(0x20, 0x14)),
      link: word(at + pick(0x28, 0x18)),
    };
  });

  const symbols = new Map<string, Uint8Array>();
  for (const { offset, size, link } of sections.filter(({ type }) => type === SYMBOL_TABLE)) {
    const names = sections[link]?.offset ?? 0;
    for (let at = offset; at < offset + size; at += pick(24, 16)) {
      const start = names + word(at);
      const name = Buffer.from(file.subarray(start, file.indexOf(0, start))).toString();
      const section = sections[half(at + pick(6, 14))];
      const length = address(at + pick(16, 8));
      if (section === undefined || length === 0) continue;
      const from = section.offset + address(at + pick(8, 4));
      const bytes = file.subarray(from, from + length);
      symbols.set(name, section.type === NO_BITS ? new Uint8Array(length) : bytes);
    }
  }
  return {
    machine: half(0x12),
    symbol: (name) => {
      const bytes = symbols.get(name);
      if (bytes === undefined) throw new Error(`the object has no symbol ${name}`);
      return bytes;
    },
  };
}
