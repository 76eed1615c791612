import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "tsup";

/** Every package becomes dist/esm and dist/cjs; declarations come from `tsc --build`. */
const packages = readdirSync("packages")
  .map((name) => join("packages", name))
  .filter((folder) => existsSync(join(folder, "src/index.ts")));

export default defineConfig([
  ...packages.flatMap((folder) =>
    (["esm", "cjs"] as const).map((format) => ({
      entry: ["index", "json"].map((name) => join(folder, `src/${name}.ts`)).filter(existsSync),
      outDir: join(folder, "dist", format),
      tsconfig: join(folder, "tsconfig.json"),
      format,
      outExtension: () => ({ js: ".js" }),
      external: [/^@luo\//, "koffi", "reflect-metadata", "valibot"],
      splitting: false,
      sourcemap: true,
      clean: false,
      silent: true,
    })),
  ),
  {
    ...program("examples/kv-server/src/**/*.ts", "examples/kv-server/dist/esm"),
    tsconfig: "examples/kv-server/tsconfig.json",
    bundle: false,
  },
  {
    ...program("test/programs/*.ts", "test/dist/programs"),
    tsconfig: "test/tsconfig.json",
    external: ["luo", /^@luo\//],
  },
]);

function program(entry: string, outDir: string) {
  return {
    entry: [entry],
    outDir,
    format: "esm" as const,
    splitting: false,
    outExtension: () => ({ js: ".js" }),
    sourcemap: true,
    silent: true,
  };
}
