/** A successor from a far future that reads the server's table in version 7 alone. */
import { family, LuoStruct, liveUpdate, u64 } from "luo";

@LuoStruct(7, { family: "kv.table" })
class TableV7 {
  @u64 everything = 0n;
}

await liveUpdate({ families: [family(TableV7)] });
