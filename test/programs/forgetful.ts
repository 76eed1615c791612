/** A successor that takes the table, but not the memfd and the socket that were left with it. */
import { liveUpdate } from "luo";
import { TableState } from "../../examples/kv-server/src/v2/state.js";

const live = await liveUpdate({ families: [TableState] });
live.take("table", TableState);
await live.ready();
