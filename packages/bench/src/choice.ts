/**
 * The contenders that `--only` names, or all. Ends the program when it names one that there is not.
 *
 * @param only names with commas between them
 */
export function chosenFrom(contenders: object, only: string | undefined): readonly string[] {
  const known = Object.keys(contenders);
  if (only === undefined) return known;
  const names = only.split(",");
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return names;
  console.error(`--only: found ${unknown.join(", ")}, expected some of ${known.join(", ")}`);
  process.exit(2);
}
