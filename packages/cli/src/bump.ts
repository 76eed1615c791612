import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { descriptorOf, type StructClass } from "@luo/struct";
import { familyOf } from "@luo/version";
import { command, EXIT, JSON_OPTION } from "./command.js";
import { containersOf } from "./containers.js";
import { everyStruct } from "./declared.js";
import { UsageError } from "./errors.js";
import { largest } from "./largest.js";
import { type Exported, load } from "./modules.js";
import { addClass, fileNameOf, nextName, testSource } from "./next-version.js";
import { type Project, projectOf, shown } from "./project.js";
import { declares, sourceOf } from "./sources.js";

export const bump = command({
  usage: "Class [module ...] [--full] [--source file] [--test file] [--print] [--json]",
  summary: "writes the next version's class, and a test for it",
  details: [
    "The class is added at the end of the source file, which the module's source map names. It",
    "extends the one before, or copies its fields. Then add new fields with @since.",
  ],
  options: {
    full: { type: "boolean", help: "copy the fields and say @follows, in place of extends" },
    source: { type: "string", value: "file", help: "the source file, where no source map tells" },
    test: {
      type: "string",
      value: "file",
      help: "where the test goes, if not test/<class>.test.ts",
    },
    print: { type: "boolean", help: "print both, and write nothing" },
    json: JSON_OPTION,
  },
  async run([name, ...modules], { full = false, source, test, print, json }, { cwd, out }) {
    if (name === undefined)
      throw new UsageError({ found: "no class is named", do: "name one: luo bump MemfdV1" });
    const project = projectOf(cwd, modules);
    const exported = await load(project, cwd);
    const struct = find(name, exported, cwd);
    const next = nextName(struct);
    const files = {
      source: source === undefined ? sourceFile(struct, exported, cwd) : resolve(cwd, source),
      test: test === undefined ? testFile(project, next) : resolve(cwd, test),
    };
    if (!existsSync(files.source)) {
      const found = `${shown(files.source, cwd)} is not there`;
      throw new UsageError({ found, do: "say --source <file>" });
    }
    const text = readFileSync(files.source, "utf8");
    if (declares(text, next)) {
      const found = `${shown(files.source, cwd)} has ${next} already`;
      throw new UsageError({ found, do: "build it, then bump the newest class" });
    }
    if (existsSync(files.test) && !print) {
      throw new UsageError({
        found: `${shown(files.test, cwd)} is there already`,
        do: "say --test <another file>",
      });
    }
    const added = addClass(text, struct, full);
    const tested = testSource(struct, text, {
      from: specifier(files.test, files.source),
      runner: project.dependencies.has("vitest") ? "vitest" : "node:test",
    });
    if (print) {
      out(`${added.declaration}\n${tested.trimEnd()}`);
      return EXIT.fine;
    }
    mkdirSync(dirname(files.test), { recursive: true });
    writeFileSync(files.test, tested, { flag: "wx" });
    writeFileSync(files.source, added.text);
    const version = descriptorOf(struct).version + 1;
    const [at, testAt] = [shown(files.source, cwd), shown(files.test, cwd)];
    const containers = containersOf(descriptorOf(struct).family, everyStruct(exported)).map(
      ({ struct, field }) => ({ class: struct.name, field }),
    );
    const { notCopied } = added;
    const report = { class: next, version, source: at, test: testAt, containers, notCopied };
    const lines = [
      `${at}: class ${next}, version ${version} of ${descriptorOf(struct).family}`,
      `${testAt}: from ${struct.name} to ${next} and back`,
      ...containers.map(
        (of) =>
          `${of.class}.${of.field} is of ${struct.name}: bump ${of.class} as well, and let it be of ${next}`,
      ),
      ...(notCopied.length === 0
        ? []
        : [`not copied from ${struct.name}: ${notCopied.join(", ")}`]),
      `Add its fields with @since(${version}, <default>), build, and run the test and luo check.`,
    ];
    out(json ? JSON.stringify(report, null, 2) : lines.join("\n"));
    return EXIT.fine;
  },
});

function find(name: string, { structs, modules }: Exported, cwd: string): StructClass {
  const [struct, ...others] = structs.filter((candidate) => candidate.name === name);
  const all = [...new Set(modules.values())].map((module) => shown(module, cwd)).join(", ");
  if (struct === undefined) {
    const known = structs.map((candidate) => candidate.name).join(", ") || "no class";
    throw new UsageError({
      found: `no struct ${name} is exported, but ${known} (${all})`,
      do: "export it",
    });
  }
  if (others.length > 0) {
    throw new UsageError({
      found: `several structs ${name} are exported (${all})`,
      do: "name one module",
    });
  }
  const family = familyOf(struct);
  const newest = family.structOf(largest(family.versions));
  if (newest !== struct) {
    throw new UsageError({
      found: `${name} is followed by newer versions`,
      do: `bump the newest: ${newest.name}`,
    });
  }
  return struct;
}

function sourceFile(struct: StructClass, { modules }: Exported, cwd: string): string {
  const module = modules.get(struct) ?? "";
  const source = sourceOf(module, struct.name);
  if (source !== undefined) return source;
  throw new UsageError({
    found: `no source map tells where ${shown(module, cwd)} has ${struct.name} from`,
    do: "say --source <file>",
  });
}

function testFile({ folder }: Project, next: string): string {
  return join(folder, "test", `${fileNameOf(next)}.test.ts`);
}

/** The path by which a module imports another: it begins with a dot and ends as the compiled file does. */
function specifier(from: string, to: string): string {
  const path = relative(dirname(from), to).split(sep).join("/");
  return `${path.startsWith(".") ? "" : "./"}${path.replace(/\.([cm]?)tsx?$/, ".$1js")}`;
}
