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
  // Tests are outside of the packages' own tsconfig.json, so this sets the flavour of decorators.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    globalSetup: "test/global-setup.ts",
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts"],
    // Tests may build further tests into dist.
    exclude: ["**/node_modules/**", "**/dist/**"],
  },
});
