/** A successor that ends while everything is frozen. */
import { liveUpdate } from "luo";
import { TableState } from "../../examples/kv-server/src/v2/state.js";

const live = await liveUpdate({ families: [TableState] });
await live.memfd("heap", { size: 0 });
process.kill(process.pid, "SIGKILL");
