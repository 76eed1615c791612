import { manifestShape } from "@luo/version/json";
import { toJsonSchema } from "@valibot/to-json-schema";
import { expect, test } from "vitest";
import { lockShape } from "../packages/cli/src/lock/lock-shape.js";

/** The schemas that packages publish. `npm run schemas` writes them. */
const SCHEMAS = {
  "packages/version/manifest.schema.json": manifestShape,
  "packages/cli/lock.schema.json": lockShape,
};

test.each(Object.entries(SCHEMAS))("%s says what the check checks", async (path, shape) => {
  // A description states the rules that JSON Schema cannot, such as those between members.
  const { $schema, ...schema } = toJsonSchema(shape, {
    target: "draft-2020-12",
    ignoreActions: ["raw_check", "transform"],
  });
  const text = JSON.stringify({ $schema, ...schema }, null, 2);
  await expect(`${text}\n`).toMatchFileSnapshot(`../${path}`);
});
