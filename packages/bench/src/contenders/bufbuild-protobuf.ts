import { create, createFileRegistry, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import type { Contender } from "../contender.js";
import { FIELDS } from "../record.js";
import { operations } from "./messages.js";

const {
  FieldDescriptorProto_Label: Label,
  FieldDescriptorProto_Type: Type,
  FileDescriptorProtoSchema,
} = await import("@bufbuild/protobuf/wkt");

const TYPES = { u64: Type.FIXED64, u32: Type.FIXED32, u16: Type.UINT32 } as const;

/** The description that `protoc` would hand to the code generator. */
const file = create(FileDescriptorProtoSchema, {
  name: "chunk.proto",
  syntax: "proto3",
  messageType: [
    {
      name: "Chunk",
      field: FIELDS.map(([name, kind], index) => ({
        name,
        number: index + 1,
        label: Label.OPTIONAL,
        type: TYPES[kind],
      })),
    },
    {
      name: "Chunks",
      field: [
        { name: "items", number: 1, label: Label.REPEATED, type: Type.MESSAGE, typeName: ".Chunk" },
      ],
    },
  ],
});

export const contender: Contender = {
  name: "@bufbuild/protobuf",
  schema: true,
  note: "the descriptor is built at run time; fixed64 and fixed32",
  prepare() {
    const registry = createFileRegistry(file, () => undefined);
    const chunk = registry.getMessage("Chunk");
    const chunks = registry.getMessage("Chunks");
    if (chunk === undefined || chunks === undefined) throw new Error("no such message");
    return operations<Message, Message>({
      from: (record) => create(chunk, { ...record }),
      array: (items) => create(chunks, { items }),
      encode: (record) => toBinary(chunk, record),
      decode: (bytes: Uint8Array) => fromBinary(chunk, bytes),
      encodeArray: (records) => toBinary(chunks, records),
      decodeArray: (bytes: Uint8Array) =>
        (fromBinary(chunks, bytes) as unknown as { items: object[] }).items,
    });
  },
};
