import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(import.meta.url);

/** The compilers of TypeScript, as programs for node. */
export const TSC = {
  "tsc 5.9": require.resolve("typescript-5/lib/tsc.js"),
  "tsc 7": join(require.resolve("typescript/package.json"), "../bin/tsc"),
};
