/** Release 2 of the server. It knows versions 0 and 1 of the state, and tells when a value was written. */
import { create, liveUpdate } from "luo";
import { control } from "../control.js";
import { keyValueServer } from "../http.js";
import { Table } from "../table.js";
import { SlotV1, TableState, TableV1 } from "./state.js";

const release = "2";
const live = await liveUpdate({
  families: [TableState],
  program: { name: "kv-server", version: `${release}.0.0` },
});
const heap = await live.memfd("heap", { size: 1 << 20 });
const { used, slots } = live.take("table", TableState) ?? new TableV1();
const table = new Table(heap, used, slots, (slot) =>
  create(SlotV1, { ...slot, modified: Date.now() }),
);
live.keep("table", TableState, () => TableState.create({ used: table.used, slots: table.slots }));
const headers = ({ modified }: SlotV1): Record<string, string> =>
  modified > 0 ? { "last-modified": new Date(modified).toUTCString() } : {};
const listener = await live.listener("http", { port: Number(process.env.PORT ?? 0) });
await live.ready(() => listener.serve(keyValueServer({ table, release, headers })));
control(live, release, listener.port);
