/** The place of the n-th character (from 1), as PostgreSQL counts them, in lines and columns. */
export function placeOfCharacter(text: string, position: number): { line: number; column: number } {
  const before = [...text].slice(0, position - 1);
  const line = before.filter((character) => character === "\n").length + 1;
  return { line, column: before.length - before.lastIndexOf("\n") };
}
