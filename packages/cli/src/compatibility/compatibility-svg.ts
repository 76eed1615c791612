import { largest } from "../largest.js";
import { type Compatibility, type Outcome, outcomeOf, type Passage } from "./compatibility.js";

/** Sizes in pixels of a picture at its own scale. */
const CELL = { gap: 6, least: 144, most: 208, text: 46, line: 17 };
const MARGIN = 24;
const HEADER = 92;
const LEGEND = 56;
/** The families that a cell names at most; others are counted. */
const NAMED = 3;
/** The width of an average character, enough for every sans-serif font that a viewer may use instead. */
const CHARACTER = { large: 8.2, small: 6.9 };

/** The symbol of each outcome, in a square of 20 pixels. It tells the outcome without the colour. */
const SYMBOLS: Readonly<Record<Outcome, string>> = {
  "both ways": "M3 7h14l-4-4M17 13H3l4 4",
  "one way": "M3 10h14l-5-5M17 10l-5 5",
  "no update": "M5 5l10 10M15 5L5 15",
  restart: "M16 10a6 6 0 1 1-2-4.5M16 2.5v4h-4",
};

const LEGENDS: readonly (readonly [Outcome, string])[] = [
  ["both ways", "update and rollback"],
  ["one way", "update, no rollback"],
  ["no update", "no update"],
  ["restart", "restart of a release"],
];

/** Text on its background has a contrast of at least 4.5 in both schemes. */
const STYLE = `
text{font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:#1f2933}
.title{font-size:17px;font-weight:650}
.release{font-size:14px;font-weight:600}
.axis,.detail,.legend{font-size:12px;fill:#52606d}
.outcome{font-size:13.5px;font-weight:600}
.paper{fill:#fff}
.symbol{fill:none;stroke-width:2.2;stroke-linecap:round;stroke-linejoin:round}
.both .box{fill:#e3f5ea;stroke:#a9dcbd}.both .symbol{stroke:#12713d}.both .outcome{fill:#0d5a30}.both .detail{fill:#2f5f45}
.one .box{fill:#fdf2d0;stroke:#ecd08a}.one .symbol{stroke:#8a5a00}.one .outcome{fill:#6b4600}.one .detail{fill:#6a5420}
.no .box{fill:#fce6e4;stroke:#f0b8b3}.no .symbol{stroke:#b3261e}.no .outcome{fill:#8f1d17}.no .detail{fill:#7a3a36}
.restart .box{fill:#f1f4f7;stroke:#d5dce3}.restart .symbol{stroke:#52606d}.restart .outcome{fill:#3e4c59}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.paper{fill:#0d1117}.axis,.detail,.legend{fill:#9aa7b4}
.both .box{fill:#10301f;stroke:#1f5e3b}.both .symbol{stroke:#56d38d}.both .outcome{fill:#8be8b3}.both .detail{fill:#9fc9b1}
.one .box{fill:#362a0c;stroke:#6d5517}.one .symbol{stroke:#e9b949}.one .outcome{fill:#f4d27c}.one .detail{fill:#d1bd8b}
.no .box{fill:#3b1715;stroke:#7a2c27}.no .symbol{stroke:#ff8a80}.no .outcome{fill:#ffb3ac}.no .detail{fill:#dfaaa6}
.restart .box{fill:#1a212a;stroke:#303a45}.restart .symbol{stroke:#9aa7b4}.restart .outcome{fill:#c3ccd5}
}`;

const CLASS: Readonly<Record<Outcome, string>> = {
  "both ways": "both",
  "one way": "one",
  "no update": "no",
  restart: "restart",
};

/**
 * Draws the compatibility as an SVG that needs no other file. Rows are the releases that are updated,
 * columns the releases that take over. Each cell has a colour, a symbol and words, and names the families
 * that prevent the update or pass in an older version. The picture follows the viewer's light or dark
 * scheme, and its description says everything in text.
 */
export function compatibilitySvg({ releases, passages }: Compatibility): string {
  const details = new Map(passages.map((passage) => [passage, detailsOf(passage)]));
  const lines = [...details.values()].flat();
  const widest = largest(lines.map((text) => text.length)) * CHARACTER.small;
  const names = largest(releases.map((name) => name.length)) * CHARACTER.large;
  const content = Math.ceil(Math.max(CELL.text + widest, names) + 14);
  const width = Math.min(CELL.most, Math.max(CELL.least, content));
  const most = Math.max(1, largest(Array.from(details.values(), ({ length }) => length)));
  const height = 42 + most * CELL.line;
  const side = MARGIN + Math.min(160, Math.max(56, Math.ceil(names))) + 16;
  const total = {
    width: Math.max(side + releases.length * (width + CELL.gap) - CELL.gap + MARGIN, 640),
    height: HEADER + releases.length * (height + CELL.gap) + LEGEND,
  };
  const x = (column: number) => side + column * (width + CELL.gap);
  const y = (row: number) => HEADER + row * (height + CELL.gap);
  const release = (name: string, left: number, bottom: number, room: number, anchor: string) =>
    `<text class="release" x="${left}" y="${bottom}" text-anchor="${anchor}">${xml(fit(name, room, CHARACTER.large))}</text>`;
  const cell = (passage: Passage, index: number) => {
    const outcome = outcomeOf(passage);
    const families = details.get(passage) ?? [];
    const top = (height - families.length * CELL.line) / 2 + 5;
    const at = `${x(index % releases.length)} ${y(Math.floor(index / releases.length))}`;
    const detail = (text: string, line: number) =>
      `<text class="detail" x="${CELL.text}" y="${top + (line + 1) * CELL.line + 1}">${xml(fit(text, width - CELL.text - 6, CHARACTER.small))}</text>`;
    return [
      `<g class="${CLASS[outcome]}" transform="translate(${at})"><title>${xml(sentence(passage))}</title>`,
      `<rect class="box" x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
      symbol(outcome, 13, height / 2 - 10),
      `<text class="outcome" x="${CELL.text}" y="${top}">${outcome}</text>`,
      ...families.map(detail),
      "</g>",
    ].join("");
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total.width} ${total.height}" width="${total.width}" height="${total.height}" role="img" aria-labelledby="luo-title luo-desc">`,
    `<title id="luo-title">Which release can be updated to which</title>`,
    `<desc id="luo-desc">${xml(passages.map(sentence).join(" "))}</desc>`,
    `<style>${STYLE.replaceAll("\n", "")}</style>`,
    `<rect class="paper" width="${total.width}" height="${total.height}" rx="10"/>`,
    `<text class="title" x="${MARGIN}" y="36">Which release can be updated to which</text>`,
    `<text class="axis" x="${side - 16}" y="${HEADER - 14}" text-anchor="end">from</text>`,
    `<text class="axis" x="${side}" y="${HEADER - 14}">to</text>`,
    ...releases.map((name, at) =>
      release(name, x(at) + width / 2, HEADER - 14, width - 50, "middle"),
    ),
    ...releases.map((name, at) =>
      release(name, side - 16, y(at) + height / 2 + 5, side - MARGIN - 16, "end"),
    ),
    ...passages.map(cell),
    legend(total.height - 26),
    "</svg>",
    "",
  ].join("\n");
}

const symbol = (outcome: Outcome, x: number, y: number, scale = 1) =>
  `<path class="symbol" d="${SYMBOLS[outcome]}" transform="translate(${x} ${y}) scale(${scale})"/>`;

function legend(y: number): string {
  let x = MARGIN;
  return LEGENDS.map(([outcome, meaning]) => {
    const entry = `<g class="${CLASS[outcome]}">${symbol(outcome, x, y - 12, 0.75)}</g><text class="legend" x="${x + 21}" y="${y}">${meaning}</text>`;
    x += 21 + meaning.length * CHARACTER.small + 14;
    return entry;
  }).join("");
}

/** The lines of a cell below its outcome: families that prevent the update, or pass in an older version. */
function detailsOf({ update, versions, older, lacking }: Passage): readonly string[] {
  const families = update
    ? older.map((family) => `${family} ${versions[family]}`)
    : lacking.map(({ family }) => family);
  if (families.length <= NAMED) return families;
  return [...families.slice(0, NAMED - 1), `and ${families.length - NAMED + 1} more`];
}

/** A cell as a sentence, with the versions. */
function sentence(passage: Passage): string {
  const { from, to, update, versions, lacking } = passage;
  const what = from === to ? `${from} restarted` : `${from} to ${to}`;
  if (!update) {
    return `${what}: no update, as they share no version of ${lacking.map(({ family }) => family).join(", ")}.`;
  }
  const list = Object.entries(versions).map(([family, version]) => `${family} ${version}`);
  return `${what}: ${outcomeOf(passage)}${list.length > 0 ? `, with ${list.join(", ")}` : ""}.`;
}

/** A text, cut to the room in pixels. */
function fit(text: string, room: number, character: number): string {
  const characters = [...text];
  const most = Math.max(1, Math.floor(room / character));
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}

/** A text for XML, which allows no control characters. */
function xml(text: string): string {
  return text
    .replace(/[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
