import { char, family, LuoStruct, ref, type Sequence, u32, u64 } from "luo";
import type { Slot } from "../table.js";

@LuoStruct(0, { family: "kv.slot" })
export class SlotV0 implements Slot {
  @char(240) key = "";
  @u64.number offset = 0;
  @u32 length = 0;
  @u32 capacity = 0;
}

@LuoStruct(0, { family: "kv.table" })
export class TableV0 {
  /** Bytes of the heap in use. */
  @u64.number used = 0;
  @ref(() => SlotV0) slots: Sequence<SlotV0> = [];
}

export const TableState = family(TableV0);
