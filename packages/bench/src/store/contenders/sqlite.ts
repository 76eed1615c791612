import { createRequire } from "node:module";
import { FIELDS, type Values } from "../../record.js";
import type { StoreContender } from "../contender.js";

/** The part of node:sqlite that is used, which Node has from 22.5 on. */
interface Sqlite {
  readonly DatabaseSync: new (path: string) => Database;
}
interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
}
interface Statement {
  run(...values: unknown[]): void;
  get(...values: unknown[]): Record<string, number | bigint> | undefined;
  setReadBigInts(enabled: boolean): void;
}

const { DatabaseSync } = createRequire(import.meta.url)("node:sqlite") as Sqlite;
const names = FIELDS.map(([name]) => `"${name}"`);
let database = new DatabaseSync(":memory:");

export const contender: StoreContender = {
  name: "node:sqlite",
  note: "in memory; one transaction, prepared statements, a column per field; integers are signed, so u64 are wrapped",
  objects: {
    put(identifiers, record) {
      database = new DatabaseSync(":memory:");
      database.exec(`create table chunk (id text primary key, ${names.join()}) without rowid`);
      const marks = names.map(() => "?").join();
      const insert = database.prepare(`insert into chunk values (?, ${marks})`);
      database.exec("begin");
      identifiers.forEach((identifier, index) => {
        const values = record(index);
        insert.run(identifier, ...FIELDS.map(([name]) => signed(values[name])));
      });
      database.exec("commit");
      const size =
        "select page_count * page_size as bytes from pragma_page_count, pragma_page_size";
      return Number(database.prepare(size).get()?.bytes);
    },
    open() {
      const select = database.prepare(`select ${names.join()} from chunk where id = ?`);
      select.setReadBigInts(true);
      return (identifier) => {
        const row = select.get(identifier);
        if (row === undefined) return undefined;
        for (const [name, kind] of FIELDS) {
          row[name] = kind === "u64" ? BigInt.asUintN(64, row[name] as bigint) : Number(row[name]);
        }
        return row as unknown as Values;
      };
    },
  },
};

const signed = (value: number | bigint) =>
  typeof value === "bigint" ? BigInt.asIntN(64, value) : value;
