import { Chunk, makePool, POOL } from "../record.js";

/** Objects that are put and taken. */
export const OBJECTS = 1_000_000;

const pool = makePool(() => new Chunk());

export const record = (index: number) => pool[index % POOL] as Chunk;

export const identifiers = (count: number = OBJECTS) =>
  Array.from({ length: count }, (_, index) => `object/${index}`);

/** The numbers below `count` in an order that no cache expects, the same in each run. */
export function shuffled(count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  let state = 1;
  for (let last = count - 1; last > 0; last--) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const other = state % (last + 1);
    [order[last], order[other]] = [order[other] as number, order[last] as number];
  }
  return order;
}
