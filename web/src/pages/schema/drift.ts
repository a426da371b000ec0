/** "no recorded statement made this: a; b" tells of each change by itself. */
export function driftLines(message: string): string[] {
  return message
    .replace(/^no recorded statement made this:\s*/, "")
    .split(/\n|;\s+/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
