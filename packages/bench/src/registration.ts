/**
 * What classes cost: `node --expose-gc registration.js <count>` annotates and compiles that many
 * and prints milliseconds and bytes of heap.
 */
import { codecOf, LuoStruct, Memory, type StructClass, u16, u32, u64 } from "@luo/struct";
import { FIELDS } from "./record.js";

const TYPES = { u64, u32, u16 } as const;
const count = Number(process.argv[2]);

function annotated(): StructClass {
  const C = class {};
  Object.defineProperty(C, "name", { value: "Chunk" });
  for (const [name, kind] of FIELDS) {
    (TYPES[kind] as unknown as (target: object, key: string) => void)(C.prototype, name);
  }
  LuoStruct(0)(C);
  return C;
}

const heap = () => {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
};
const before = heap();
const start = performance.now();
const structs = Array.from({ length: count }, annotated);
const registered = performance.now();
const codecs = structs.map((struct) => codecOf(struct));
const compiled = performance.now();
const after = heap();
const memory = new Memory(new ArrayBuffer(64));
const used = performance.now();
for (const codec of codecs) codec.decode(memory, 0);
const result = {
  count,
  register: registered - start,
  compile: compiled - registered,
  use: performance.now() - used,
  heap: after - before,
};
console.log(JSON.stringify(result));
