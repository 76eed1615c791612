import { manifestOf } from "@luo/version";
import { command, EXIT, JSON_OPTION } from "./command.js";
import { formatManifest } from "./lock/format.js";
import { load } from "./modules.js";
import { projectOf } from "./project.js";

export const manifest = command({
  usage: "[module ...]",
  summary: "prints the manifest: the versions that are read and written",
  details: ["It is always JSON. Keep it with a release, for luo matrix."],
  options: { json: JSON_OPTION },
  async run(modules, _, { cwd, out }) {
    const { families } = await load(projectOf(cwd, modules), cwd);
    out(formatManifest(manifestOf(families)).trimEnd());
    return EXIT.fine;
  },
});
