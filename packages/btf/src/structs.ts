import {
  ABIS,
  type Abi,
  defineStruct,
  type FieldType,
  layoutOf,
  type ScalarType,
  type StructClass,
  sizeOf,
} from "@luo/struct";
import { UnexpressibleError } from "./errors.js";
import { memberType, type Scope } from "./express.js";
import { type Attribute, attributesOf, type Declaration, infer, type Wanted } from "./infer.js";
import { type Found, findStruct } from "./lookup.js";
import { Names } from "./names.js";
import { bitfield, typeAt } from "./resolve.js";
import type { Btf, BtfComposite } from "./types.js";

/** The most members of a struct. The time to infer annotations grows with the square of their number. */
const MAX_MEMBERS = 4096;

/** Options of `BtfStructs`. */
export interface StructsOptions {
  /**
   * The ABI of the machine that the BTF describes. The default follows from byte order and pointer size:
   * x86-64, i386 or s390x. For everything that BTF can express, arm64 has the rules of x86-64.
   */
  readonly abi?: Abi;
}

/** A struct or union of C as a struct class of luo. */
export interface LuoOfC {
  readonly typeId: number;
  readonly type: BtfComposite;
  /** The class, with the size and field offsets that BTF says, also in nested structs. */
  readonly struct: StructClass;
  /** The names of the fields, in the order of the members. */
  readonly names: readonly string[];
  /** The inferred annotations, without which the members would lie elsewhere. */
  readonly attributes: readonly Attribute[];
}

/** The declaration of an enum of C in source. */
export interface EnumDeclaration {
  readonly name: string;
  readonly members: readonly (readonly [name: string, value: number])[];
}

interface Made extends LuoOfC {
  readonly declaration: Declaration;
}

/** The structs and unions of BTF as struct classes of luo. Each class is made at the first request. */
export class BtfStructs {
  readonly btf: Btf;
  readonly abi: Abi;
  readonly #names = Names.ofDeclarations();
  readonly #made = new Map<number, Made | UnexpressibleError>();
  readonly #opaque = new Map<string, StructClass>();
  readonly #enums = new Map<number, FieldType>();
  readonly #declared = new Map<FieldType, EnumDeclaration>();
  readonly #scope: Scope;

  constructor(btf: Btf, { abi = abiOf(btf) }: StructsOptions = {}) {
    this.btf = btf;
    this.abi = abi;
    this.#scope = {
      btf,
      structOf: (typeId, hint) => this.#struct(findStruct(btf, typeId), hint).struct,
      enumOf: (typeId, hint, of) => this.#enum(typeId, hint, of),
      opaqueOf: (name, size, align) => this.#bytes(name, size, align),
    };
  }

  /**
   * The class of a struct or union, by its name, the name of a typedef, or its id. BTF says where members
   * lie, and the annotations that lead to this layout are inferred. A union becomes a class whose fields
   * overlay each other, a pointer an `@address`, and an array of char `@bytes`. A type without a scalar
   * in luo, such as __int128, becomes bytes with its alignment. An array without a length is `@flexible`
   * at the end of the struct; in a nested struct it has no elements.
   *
   * @throws {BtfError} when there is no such struct, or more than one
   * @throws {UnexpressibleError} when no annotations give it that layout
   */
  get(target: string | number): LuoOfC {
    const made = this.#struct(findStruct(this.btf, target), "");
    const { fields, options } = made.declaration;
    const last = fields.at(-1);
    if (made.type.kind !== "struct" || fields.length === 1) return made;
    if (last?.type.kind !== "array" || last.type.length !== 0) return made;
    const { of } = last.type;
    if (sizeOf(of, this.abi) === 0) return made;
    const open = [...fields.slice(0, -1), { ...last, type: flexible(of) }];
    return { ...made, struct: defineStruct(made.struct.name, 0, open, options) };
  }

  /** The declaration of a field's enum; undefined for a type that is none of these. */
  enumOf(type: FieldType): EnumDeclaration | undefined {
    return this.#declared.get(type);
  }

  #struct({ typeId, type }: Found, hint: string): Made {
    const known = this.#made.get(typeId);
    if (known instanceof UnexpressibleError) throw known;
    if (known !== undefined) return known;
    try {
      const made = this.#make(typeId, type, hint);
      this.#made.set(typeId, made);
      return made;
    } catch (error) {
      if (!(error instanceof UnexpressibleError)) throw error;
      const here = error.typeId === typeId;
      const reason = `it contains ${error.struct || "a struct without a name"}: ${error.reason}`;
      const own = here ? error : new UnexpressibleError(type.name, typeId, reason);
      this.#made.set(typeId, own);
      throw own;
    }
  }

  #make(typeId: number, type: BtfComposite, hint: string): Made {
    const refuse = (reason: string) => new UnexpressibleError(type.name, typeId, reason);
    if (type.members.length > MAX_MEMBERS) {
      throw refuse(`it has ${type.members.length} members, expected at most ${MAX_MEMBERS}`);
    }
    const className = this.#names.take(type.name, hint || `type${typeId}`);
    const names = Names.ofFields();
    const wanted = type.members.map((member, index): Wanted => {
      const name = names.take(member.name, `$${index}`);
      const of = memberType(this.#scope, member, `${className}_${name}`);
      if (of === undefined) throw refuse(`${name} is a bitfield of an integer of 16 bytes`);
      const { bitOffset } = bitfield(this.btf, member) ?? member;
      return { name, type: of, bitOffset };
    });
    const declaration = infer(wanted, type.size, type.kind === "union", this.abi);
    if (typeof declaration === "string") throw refuse(declaration);
    const { fields, options } = declaration;
    const endian = this.btf.endian === "big" ? { endian: this.btf.endian } : {};
    const struct = defineStruct(className, 0, fields, { ...options, ...endian });
    const difference = this.#difference(struct, wanted, type.size);
    if (difference !== undefined) throw refuse(difference);
    return {
      typeId,
      type,
      struct,
      names: wanted.map(({ name }) => name),
      attributes: attributesOf(declaration),
      declaration: { fields, options: { ...options, ...endian } },
    };
  }

  /** Describes the first difference between the layout and the wanted places; undefined without one. */
  #difference(struct: StructClass, wanted: readonly Wanted[], size: number): string | undefined {
    const layout = layoutOf(struct, this.abi);
    const placed = new Map(layout.fields.map((field) => [field.name, field]));
    for (const { name, bitOffset } of wanted) {
      const field = placed.get(name);
      const found = field && (field.bitOffset ?? field.offset * 8);
      if (found !== bitOffset) return `${name} comes to lie at bit ${found}, not at ${bitOffset}`;
    }
    return layout.size === size ? undefined : `its size becomes ${layout.size}, not ${size}`;
  }

  #enum(typeId: number, hint: string, of: ScalarType): FieldType {
    const known = this.#enums.get(typeId);
    if (known !== undefined) return known;
    const type = typeAt(this.btf, typeId);
    const values = type.kind === "enum" || type.kind === "enum64" ? type.values : [];
    const names = Names.ofDeclarations();
    const members = values.map(
      ({ name, value }) => [names.take(name, "$"), inMemory(value, of)] as const,
    );
    // An enum without members is only a forward declaration, so it becomes an integer.
    if (members.length === 0) return of;
    const numbers = new Map(members.map(([, value]) => [value, value]));
    const made: FieldType = { kind: "enum", of, members: numbers, names: new Map(members) };
    this.#enums.set(typeId, made);
    const name = this.#names.take(type.name, hint || `type${typeId}`);
    this.#declared.set(made, { name, members });
    return made;
  }

  #bytes(name: string, size: number, align: number): StructClass {
    const key = `${name} ${size}`;
    const made =
      this.#opaque.get(key) ??
      defineStruct(
        this.#names.take(name, "opaque"),
        0,
        [{ name: "bytes", type: { kind: "bytes", length: size } }],
        { align },
      );
    this.#opaque.set(key, made);
    return made;
  }
}

/** The value as memory holds it. BTF has values of at least 4 bytes, even for smaller enums. */
function inMemory(value: bigint, { size, name }: ScalarType): number {
  return Number(
    name.startsWith("i") ? BigInt.asIntN(size * 8, value) : BigInt.asUintN(size * 8, value),
  );
}

const flexible = (of: FieldType): FieldType => ({ kind: "flexible", of, count: undefined });

function abiOf({ endian, pointerSize }: Btf): Abi {
  if (endian === "big") return ABIS.s390x;
  return pointerSize === 4 ? ABIS.i386 : ABIS["x86-64"];
}
