/** A successor with an edited version that was published: `used` has 32 bits. */
import { family, LuoStruct, liveUpdate, u32 } from "luo";

@LuoStruct(0, { family: "kv.table" })
class TableV0 {
  @u32 used = 0;
}

await liveUpdate({ families: [family(TableV0)] });
