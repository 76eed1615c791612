import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "@swc/core";

const BIN = fileURLToPath(new URL("../bin/luo.js", import.meta.url));

/** The exit code and the output of a command. */
export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A project of a user in a folder of its own, from which the packages of this repository are found. */
export class Project {
  readonly folder: string;

  constructor(name: string) {
    this.folder = fileURLToPath(new URL(`./dist/${name}`, import.meta.url));
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  write(file: string, content: string | object): void {
    mkdirSync(dirname(this.path(file)), { recursive: true });
    const text = typeof content === "string" ? content : JSON.stringify(content, null, 2);
    writeFileSync(this.path(file), text);
  }

  /** Compiles a source to a module with a source map, as a build does. */
  build(source: string, module: string, type: "es6" | "commonjs" = "es6"): void {
    const { code, map } = transformSync(source, {
      sourceFileName: "../src/structs.ts",
      sourceMaps: true,
      jsc: {
        parser: { syntax: "typescript", decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
        target: "es2022",
      },
      module: { type },
    });
    this.write("src/structs.ts", source);
    this.write(module, code);
    if (map !== undefined) this.write(`${module}.map`, map);
  }

  luo(...args: string[]): Run {
    return this.run(process.execPath, BIN, ...args);
  }

  run(command: string, ...args: string[]): Run {
    const { status, stdout, stderr } = spawnSync(command, args, {
      cwd: this.folder,
      encoding: "utf8",
    });
    return { code: status, out: stdout, err: stderr };
  }
}
