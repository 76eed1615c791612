import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as luo from "luo";
import { expect, test } from "vitest";

const packages = fileURLToPath(new URL("../../", import.meta.url));

/** The names that programs import from `luo`: to add one is a feature, to remove one breaks programs. */
const VALUES = {
  state: "LuoStruct create transient",
  numbers: "bool f32 f64 i16 i32 i64 i8 u16 u32 u64 u8",
  "other types": "address array bits bytes char enumeration flexible ref reserved struct union",
  "where it lies": "aligned big little packed",
  versions: "dropped family follows lossy renamed since",
  "live update": "LiveUpdate Listener Memfd defineHandler liveUpdate spawnCarrier",
  handlers: "listener memfd",
  "releases and manifests": "alongside manifestOf parseManifest",
  "bytes and layouts": "Memory codecOf layoutOf toCHeader",
  "errors of structs":
    "BoundsError CNameError DeclarationError DetachedError FieldRangeError InvalidBytesError LuoError UnknownFieldError",
  "errors of versions": "ConversionError FamilyError ManifestError NegotiationError",
  "errors of updates":
    "LinkClosedError LinkTimeoutError LostSuccessorError PreserveError ProgramError RefusedError StateError SuccessorError UndeclaredFamilyError UndoError UpdateError",
  "errors of resources": "DrainError ListenerMismatchError MemfdMismatchError SystemCallError",
};

const TYPES = {
  structs:
    "ElementType FieldDecorator FieldModifier Sequence StructClass StructOptions StructValues",
  "bytes and layouts": "CHeaderOptions Cursor FieldLayout RefResolver StructCodec StructLayout",
  versions: "AlongsidePolicy Family FamilyOptions Manifest VersionRange",
  "live update":
    "Alongside Carrier Create Handler Initial ListenOptions LiveUpdateOptions Program SpawnOptions State UpdateOptions UpdateReport VersionCost",
};

const all = (groups: object) =>
  Object.values(groups)
    .flatMap((names: string) => names.split(" "))
    .sort();

test("luo exports these values and no others", () => {
  expect(Object.keys(luo).sort()).toEqual(all(VALUES));
});

test("luo exports these types and no others", () => {
  const source = readFileSync(`${packages}luo/src/index.ts`, "utf8");
  const types = Array.from(source.matchAll(/\btype (\w+)/g), ([, name]) => name);
  expect(types.sort()).toEqual(all(TYPES));
});

test.each(readdirSync(packages).filter((name) => name !== "bench"))(
  "%s names what it exports, so that nothing leaks",
  (name) => {
    expect(readFileSync(`${packages}${name}/src/index.ts`, "utf8")).not.toMatch(
      /export (type )?\*/,
    );
  },
);
