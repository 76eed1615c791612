import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (name: string, entry = "index") =>
  fileURLToPath(new URL(`./packages/${name}/src/${entry}.ts`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@luo\/([a-z-]+)$/, replacement: source("$1") },
      { find: /^@luo\/([a-z-]+)\/([a-z-]+)$/, replacement: source("$1", "$2") },
      { find: /^luo$/, replacement: source("luo") },
    ],
  },
  // Tests lie outside of the packages' own tsconfig.json, so the flavour of decorators is said here.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    globalSetup: "test/global-setup.ts",
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts"],
    // What tests build may be tests as well.
    exclude: ["**/node_modules/**", "**/dist/**"],
  },
});
