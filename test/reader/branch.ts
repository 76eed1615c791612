import {
  aligned,
  array,
  big,
  bits,
  bool,
  bytes,
  char,
  enumeration,
  f32,
  f64,
  flexible,
  i8,
  i32,
  i64,
  LuoStruct,
  ref,
  reserved,
  type Sequence,
  struct,
  u8,
  u16,
  u32,
  u64,
  union,
} from "@luo/struct";

@LuoStruct(0)
class Leaf {
  @u8 kind = 0;
  @f64 weight = 0;
}

@LuoStruct(0)
class Knot {
  @i32 turns = 0;
  @ref(() => Leaf) leaves: Sequence<Leaf> = [];
}

/** What the fixtures of other packages leave out; the other byte order, without padding. */
@LuoStruct(2, { endian: "big", packed: true })
export class BranchV2 {
  @bits(u32, 5) low = 0;
  @bits(i32, 11) turned = 0;
  @bits(u64, 47) far = 0n;
  @bits(bool, 1) dead = false;
  @enumeration(i8, [-5, 7]) step: -5 | 7 = -5;
  @enumeration(u16, ["a word", "b[1]", '"', "1"]) word: "a word" | "b[1]" | '"' | "1" = "a word";
  @array(char(4), 2, 3) texts: string[][] = [];
  @array(bytes(3), 2) raw: Uint8Array[] = [];
  @array(char(3, { terminated: true }), 2) short: string[] = [];
  @f32 narrow = 0;
  @array(f64, 5) wide: number[] = [];
  @array(i64, 2, 2, 2) cube: bigint[][][] = [];
  @reserved(u16) _gap: unknown;
  @aligned(8) @struct(() => Knot) knot = new Knot();
  @array(Knot, 2) knots: Knot[] = [];
  @u8 kind = 0;
  @union("kind", () => ({ 1: Leaf, 200: Knot })) end: Leaf | Knot = new Leaf();
  @ref(() => BranchV2) branches: Sequence<BranchV2> = [];
}

const leaf = (kind: number) => Object.assign(new Leaf(), { kind, weight: kind / 7 });
const knot = (turns: number) =>
  Object.assign(new Knot(), {
    turns: -turns,
    leaves: Array.from({ length: turns }, (_, n) => leaf(n)),
  });

export const branch = (depth: number): BranchV2 =>
  Object.assign(new BranchV2(), {
    low: 29,
    turned: -1000,
    far: 2n ** 46n + 3n,
    dead: true,
    step: 7,
    word: (["a word", "b[1]", '"', "1"] as const)[depth % 4],
    texts: [
      ["", "a", "äb"],
      ["abcd", "€", "x"],
    ],
    raw: [Uint8Array.of(1, 2, 255), Uint8Array.of(0, 0, 4)],
    short: ["ab", ""],
    narrow: Math.fround(0.1),
    wide: [-0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324],
    cube: [0n, 4n].map((a) => [0n, 2n].map((b) => [-a - b, 2n ** 62n + a])),
    knot: knot(3),
    knots: [knot(0), knot(2)],
    kind: depth % 2 === 0 ? 1 : 200,
    end: depth % 2 === 0 ? leaf(9) : knot(4),
    branches: depth === 0 ? [] : [branch(depth - 1), branch(0)],
  });

/** Rows behind the struct, as many as fit. */
@LuoStruct(0)
export class Rows {
  @u32 first = 0;
  @big @flexible(array(u16, 3)) rows: number[][] = [];
}
