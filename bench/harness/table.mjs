// Results as Markdown: readable in a terminal, kept in docs/benchmarks.md as they are.
import { readFileSync, writeFileSync } from "node:fs";

const document = new URL("../../docs/benchmarks.md", import.meta.url).pathname;

export function table(head, rows) {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i].length)));
  const line = (row) => `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(" | ")} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  const [first, ...rest] = all.map(line);
  return [first, rule, ...rest].join("\n");
}

export const whole = (number) => Math.round(number).toLocaleString("en");
export const tenths = (number) => (Number.isNaN(number) ? "" : number.toFixed(1));
export const hundredths = (number) => (Number.isNaN(number) ? "" : number.toFixed(2));

/** A line of a table of goals: at least (or at most) `wanted`; without it, for information. */
export function goal(what, ratio, wanted, bound = "least") {
  const met = bound === "least" ? ratio.median >= wanted : ratio.median <= wanted;
  const verdict = wanted === undefined ? "" : met ? "met" : "MISSED";
  const range = `${ratio.min.toFixed(2)}–${ratio.max.toFixed(2)}`;
  return [what, `${ratio.median.toFixed(2)}×`, range, wanted === undefined ? "" : `${bound === "least" ? "≥" : "≤"} ${wanted}×`, verdict];
}

export const goalHead = ["ratio of requests a second", "median", "of the pairs", "goal", ""];

/** Puts a benchmark's last result between its two marks in docs/benchmarks.md. */
export function save(name, text) {
  const page = readFileSync(document, "utf8");
  const marks = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`);
  if (!marks.test(page)) throw new Error(`docs/benchmarks.md has no place for ${name}`);
  writeFileSync(document, page.replace(marks, (_, start, end) => `${start}\n${text}\n\n${end}`));
}
