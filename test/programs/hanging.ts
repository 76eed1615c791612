/** A successor that takes everything and then never says a word. */
import { liveUpdate } from "luo";
import { TableState } from "../../examples/kv-server/src/v2/state.js";

const live = await liveUpdate({ families: [TableState] });
await live.memfd("heap", { size: 0 });
await live.listener("http", {});
setInterval(() => {}, 1000);
