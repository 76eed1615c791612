import { char, family, LuoStruct, lossy, ref, type Sequence, since, u32, u64 } from "luo";
import type { Slot } from "../table.js";

@LuoStruct(0, { family: "kv.slot" })
class SlotV0 implements Slot {
  @char(240) key = "";
  @u64.number offset = 0;
  @u32 length = 0;
  @u32 capacity = 0;
}

@LuoStruct(1, { family: "kv.slot" })
export class SlotV1 extends SlotV0 {
  /** Milliseconds since 1970; 0 for a value that release 1 wrote, which does not know the time. */
  @lossy @since(1, 0) @u64.number modified = 0;
}

@LuoStruct(0, { family: "kv.table" })
class TableV0 {
  /** Bytes of the heap in use. */
  @u64.number used = 0;
  @ref(() => SlotV0) slots: Sequence<SlotV0> = [];
}

/** The slots have the newer class, and are converted with the table. */
@LuoStruct(1, { family: "kv.table" })
export class TableV1 extends TableV0 {
  @ref(() => SlotV1) override slots: Sequence<SlotV1> = [];
}

export const TableState = family(TableV1);
