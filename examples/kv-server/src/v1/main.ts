/** Release 1 of the server. It knows version 0 of the state. */
import { create, liveUpdate } from "luo";
import { control } from "../control.js";
import { keyValueServer } from "../http.js";
import { Table } from "../table.js";
import { SlotV0, TableState, TableV0 } from "./state.js";

const release = "1";
const live = await liveUpdate({
  families: [TableState],
  program: { name: "kv-server", version: `${release}.0.0` },
});
const heap = await live.memfd("heap", { size: 1 << 20 });
const { used, slots } = live.take("table", TableState) ?? new TableV0();
const table = new Table(heap, used, slots, (slot) => create(SlotV0, slot));
live.keep("table", TableState, () => TableState.create({ used: table.used, slots: table.slots }));
const listener = await live.listener("http", { port: Number(process.env.PORT ?? 0) });
await live.ready(() => listener.serve(keyValueServer({ table, release })));
control(live, release, listener.port);
