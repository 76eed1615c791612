import {
  type Abi,
  type FieldLayout,
  type FieldType,
  layoutOf,
  type StructClass,
} from "@luo/struct";
import type { Btf, BtfMember, BtfType } from "../src/index.js";

/**
 * Compares what BTF says with what luo lays out, and knows nothing of how the one became the other:
 * it goes through both side by side, members and what lies inside of them.
 */
export class Judge {
  readonly #btf: Btf;
  readonly #abi: Abi;
  readonly #judged = new Map<StructClass, number>();
  /** Every difference, in words. */
  readonly differences: string[] = [];
  /** The structs of which a member is bytes, as luo has no such number. */
  readonly asBytes = new Set<string>();
  /** How many members were compared. */
  members = 0;

  constructor(btf: Btf, abi: Abi) {
    this.#btf = btf;
    this.#abi = abi;
  }

  judge(typeId: number, struct: StructClass): void {
    if (this.#judged.get(struct) === typeId) return;
    this.#judged.set(struct, typeId);
    const type = this.#resolve(typeId);
    const layout = layoutOf(struct, this.#abi);
    this.#same(`${layout.name}: size`, layout.size, sizeOfKind(this.#btf, type));
    const fields = layout.fields.filter((field) => field.type.kind !== "reserved");
    const members = "members" in type ? type.members : [];
    this.#same(`${layout.name}: number of fields`, fields.length, members.length);
    for (const [index, member] of members.entries()) {
      const field = fields[index];
      if (field !== undefined) this.#member(layout.name, member, field);
    }
  }

  #member(struct: string, member: BtfMember, field: FieldLayout): void {
    const { name, type, offset, size, bitOffset = offset * 8 } = field;
    const where = `${struct}.${name}`;
    const of = this.#resolve(member.of);
    const old = of.kind === "int" && of.bits < of.size * 8 && member.bitWidth === undefined;
    const width = old ? of.bits : member.bitWidth;
    this.members++;
    this.#same(`${where}: offset in bits`, bitOffset, member.bitOffset + (old ? of.bitOffset : 0));
    this.#same(`${where}: width`, type.kind === "bits" ? type.width : undefined, width);
    if (width === undefined) this.#same(`${where}: size`, size, sizeOfKind(this.#btf, of));
    if (member.name !== "" && !["constructor", "__proto__"].includes(member.name)) {
      this.#same(`${where}: name`, name, member.name);
    }
    this.#inside(struct, of, member.of, type);
  }

  #inside(struct: string, of: BtfType, id: number, type: FieldType): void {
    if (type.kind === "array" || type.kind === "flexible") {
      if (of.kind !== "array") this.differences.push(`${of.kind} ${of.name} is no array`);
      else this.#inside(struct, this.#resolve(of.of), of.of, type.of);
    } else if (type.kind === "struct" && "members" in of) this.judge(id, type.of());
    else if (type.kind === "struct") this.asBytes.add(struct);
  }

  #resolve(id: number): BtfType {
    const type = this.#btf.types[id];
    if (type === undefined) throw new Error(`there is no type ${id}`);
    const modifier = /^(?:typedef|volatile|const|restrict|type_tag)$/.test(type.kind);
    return modifier && "of" in type && typeof type.of === "number" ? this.#resolve(type.of) : type;
  }

  #same(what: string, found: unknown, wanted: unknown): void {
    if (found !== wanted) this.differences.push(`${what} is ${found}, expected ${wanted}`);
  }
}

function sizeOfKind(btf: Btf, type: BtfType): number {
  if ("size" in type) return type.size;
  if (type.kind === "ptr") return btf.pointerSize;
  const of = "of" in type && typeof type.of === "number" ? btf.types[type.of] : undefined;
  if (of === undefined) throw new Error(`${type.kind} has no size`);
  return sizeOfKind(btf, of) * (type.kind === "array" ? type.length : 1);
}
