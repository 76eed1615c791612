import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import babel from "@babel/core";
import swc from "@swc/core";
import * as esbuild from "esbuild";
import { type InlineConfig, type LibraryOptions, type Plugin, build as vite } from "vite";
import { shownIn } from "../shown-code.js";
import { TSC } from "./typescript.js";

export const FLAVOURS = ["legacy", "standard"] as const;
export const FORMATS = ["esm", "cjs"] as const;
/** Each file becomes a .js file. */
const FILES = ["structs", "bare", "families"];

/** A folder with a package.json of the module format, and a tsconfig.json of the flavour. */
export interface Project {
  readonly flavour: (typeof FLAVOURS)[number];
  readonly format: (typeof FORMATS)[number];
  readonly folder: string;
}

export interface Tool {
  /** True when legacy decorators see the declared types (`emitDecoratorMetadata`). */
  readonly metadata: boolean;
  readonly compile: (project: Project, out: string) => Promise<unknown>;
}

const execute = promisify(execFile);
const require = createRequire(import.meta.url);

/** Runs node and gives its output; an error has the output as well. */
export async function node(cwd: string, ...args: string[]): Promise<string> {
  try {
    return (await execute(process.execPath, args, { cwd })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${stdout}${stderr}`);
  }
}

const compiler = (program: string, ...options: string[]): Tool => ({
  metadata: true,
  compile: ({ folder }, out) => node(folder, program, "-p", ".", "--outDir", out, ...options),
});

/** A tool that takes one file at a time. */
const eachFile = (
  metadata: boolean,
  compile: (file: string, project: Project) => Promise<{ code?: string | null | undefined } | null>,
): Tool => ({
  metadata,
  compile: (project, out) =>
    Promise.all(
      FILES.map(async (name) => {
        const result = await compile(join(project.folder, `${name}.ts`), project);
        await writeFile(join(out, `${name}.js`), result?.code ?? "");
      }),
    ),
});

const esbuildTo = (target: string): Tool => ({
  metadata: false,
  compile: ({ folder, format }, outdir) =>
    esbuild.build({
      entryPoints: FILES.map((name) => join(folder, `${name}.ts`)),
      ...{ format, outdir, target },
    }),
});

const swcWith = (decoratorVersion: "2022-03" | "2023-11"): Tool =>
  eachFile(true, (file, { flavour, format }) =>
    swc.transformFile(file, {
      swcrc: false,
      module: { type: format === "esm" ? "es6" : "commonjs" },
      jsc: {
        target: "es2022",
        parser: { syntax: "typescript", decorators: true },
        transform:
          flavour === "legacy"
            ? { legacyDecorator: true, decoratorMetadata: true }
            : { decoratorVersion },
      },
    }),
  );

/** `passPerPreset` removes TypeScript in a pass of its own, before decorators are compiled. */
export const babelIn = (passPerPreset: boolean): Tool =>
  eachFile(false, (filename, { flavour, format }) => {
    const legacy = flavour === "legacy";
    const plugins = [
      [
        require.resolve("@babel/plugin-proposal-decorators"),
        { version: legacy ? "legacy" : "2023-11" },
      ],
      ...(legacy ? [require.resolve("@babel/plugin-transform-class-properties")] : []),
      ...(format === "cjs" ? [require.resolve("@babel/plugin-transform-modules-commonjs")] : []),
    ];
    return babel.transformFileAsync(filename, {
      ...{ configFile: false, babelrc: false, passPerPreset },
      parserOpts: { plugins: [legacy ? "decorators-legacy" : "decorators"] },
      presets: [require.resolve("@babel/preset-typescript"), () => ({ plugins })],
    });
  });

/** The plugins in the configuration of Vite that docs/SETUP.md shows for standard decorators. */
async function shownPlugins(): Promise<Plugin[]> {
  const folder = join(import.meta.dirname, "dist");
  const file = join(folder, "vite.config.js");
  await mkdir(folder, { recursive: true });
  await writeFile(file, shownIn("docs/SETUP.md", "js").join(""));
  const { default: shown }: { default: { plugins: Plugin[] } } = await import(file);
  return shown.plugins;
}
const standardDecorators = await shownPlugins();

/** A build with Vite, which takes the flavour of decorators from tsconfig.json. */
export function viteBuild(project: Project, config: InlineConfig, alone = false) {
  const plugins = project.flavour === "standard" && !alone ? standardDecorators : [];
  const common = { configFile: false, logLevel: "silent", base: "./", plugins } as const;
  return vite({ ...common, root: project.folder, ...config });
}

export const viteLibrary = ({ minify = false, keepNames = false, alone = false }): Tool => ({
  metadata: true,
  compile: (project, outDir) => {
    const lib: LibraryOptions = {
      entry: FILES.map((name) => join(project.folder, `${name}.ts`)),
      formats: [project.format === "esm" ? "es" : "cjs"],
      fileName: (_, name) => `${name}.js`,
    };
    const rolldownOptions = { external: ["@luo/struct", "@luo/version"], output: { keepNames } };
    return viteBuild(project, { build: { outDir, minify, lib, rolldownOptions } }, alone);
  },
});

export const TOOLS = {
  "tsc 5.9": compiler(TSC["tsc 5.9"]),
  "tsc 7": compiler(TSC["tsc 7"]),
  "tsc 7 to ES2020": compiler(TSC["tsc 7"], "--target", "es2020"),
  "esbuild to ES2022": esbuildTo("es2022"),
  "esbuild to ES2020": esbuildTo("es2020"),
  "swc (2022-03)": swcWith("2022-03"),
  "swc (2023-11)": swcWith("2023-11"),
  babel: babelIn(true),
  vite: viteLibrary({}),
  "vite, minified": viteLibrary({ minify: true, keepNames: true }),
} satisfies Record<string, Tool>;
