import { HAS_BYTE_ORDER } from "../declare/declaration.js";
import { typeSource } from "../declare/source.js";
import { shownBy, textTable } from "../inspect.js";
import { type FieldType, perKind } from "../types.js";
import type { Endian } from "./abi.js";

/** The parts of a layout that the table shows. */
interface Tabulated {
  readonly name: string;
  readonly version: number;
  readonly size: number;
  readonly align: number;
  readonly fields: readonly TabulatedField[];
  readonly padding: readonly { readonly offset: number; readonly size: number }[];
}

interface TabulatedField {
  readonly name: string;
  readonly type: FieldType;
  readonly offset: number;
  readonly size: number;
  readonly bitOffset?: number;
  readonly endian: Endian;
}

/**
 * Formats a layout as a table: offset and size in bytes, name, and annotation of each field. The offset
 * of a bitfield is `byte:bit`.
 */
function layoutTable(layout: Tabulated): string {
  const { name, version, size, align } = layout;
  const padding = layout.padding.map((gap) => ({ ...gap, cells: ["", "padding"] }));
  const fields = layout.fields.map((field) => ({
    ...field,
    cells: [field.name, annotation(field)],
  }));
  const rows = [...fields, ...padding]
    .sort((a, b) => a.offset - b.offset)
    .map((row) => [place(row), row.size, ...row.cells]);
  const title = `${name}, version ${version}: ${size} bytes, aligned to ${align}`;
  return `${title}\n${textTable(["offset", "size", "field", "type"], rows)}`;
}

function place({ offset, bitOffset }: Pick<TabulatedField, "offset" | "bitOffset">) {
  return bitOffset === undefined ? offset : `${offset}:${bitOffset - offset * 8}`;
}

function annotation({ type, endian }: TabulatedField): string {
  const source = typeSource(type, { use: (name) => name, structOf: (struct) => struct.name });
  return endian === "big" && perKind(HAS_BYTE_ORDER, type) ? `@big @${source}` : `@${source}`;
}

/** Lets `console.log` show a layout as a table. */
export const shownAsTable = shownBy(layoutTable);
