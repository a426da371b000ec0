export interface DiffLine {
  kind: "same" | "added" | "removed";
  text: string;
}

/** Longer texts are compared as a whole: the table below grows with the product of both. */
const MOST_CELLS = 4_000_000;

/** What lines were added and removed, by the longest common subsequence. */
export function diffLines(before: string, after: string): DiffLine[] {
  const a = before.split("\n");
  const b = after.split("\n");
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const left = a.slice(start, a.length - end);
  const right = b.slice(start, b.length - end);
  const same = (lines: string[]) => lines.map((text): DiffLine => ({ kind: "same", text }));
  return [...same(a.slice(0, start)), ...between(left, right), ...same(a.slice(a.length - end))];
}

function between(a: string[], b: string[]): DiffLine[] {
  const removed = (text: string): DiffLine => ({ kind: "removed", text });
  const added = (text: string): DiffLine => ({ kind: "added", text });
  if (a.length * b.length > MOST_CELLS) return [...a.map(removed), ...b.map(added)];
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const out: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const left = a[i];
    const right = b[j];
    if (left !== undefined && left === right) {
      out.push({ kind: "same", text: left });
      i += 1;
      j += 1;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      out.push(removed(left));
      i += 1;
    } else {
      out.push(added(right ?? ""));
      j += 1;
    }
  }
  return out;
}

export type Hunk = { kind: "lines"; lines: DiffLine[] } | { kind: "gap"; lines: number };

/** Only what changed, with a few lines around it. */
export function hunksOf(lines: readonly DiffLine[], around = 3): Hunk[] {
  const near = lines.map((_, index) =>
    lines.slice(Math.max(0, index - around), index + around + 1).some((line) => line.kind !== "same"),
  );
  const out: Hunk[] = [];
  lines.forEach((line, index) => {
    const last = out.at(-1);
    if (near[index] === true) {
      if (last?.kind === "lines") last.lines.push(line);
      else out.push({ kind: "lines", lines: [line] });
    } else if (last?.kind === "gap") last.lines += 1;
    else out.push({ kind: "gap", lines: 1 });
  });
  return out;
}

/** What a line of the gateway about a schema says: something came, or something went. */
export function toneOf(line: string): DiffLine["kind"] {
  if (/^\s*\+|\badded\b|\bcreated\b|\bnew\b/.test(line)) return "added";
  return /^\s*[-−]|\bdropped\b|\bremoved\b|\bgone\b/.test(line) ? "removed" : "same";
}
