function quoted(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  // A cell that begins like this is a formula to spreadsheets, whoever wrote it.
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  // Nor one that begins behind what other spreadsheets take for the end of a cell.
  const inner = safe.replace(/([;\t])(?=[=+@]|-(?!\d))/g, "$1'");
  return /[",;\t\n\r]/.test(inner) ? `"${inner.replaceAll('"', '""')}"` : inner;
}

export function toCsv(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return [columns, ...rows].map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";
}

/** Hands a file to the browser. */
export function download(name: string, type: string, content: string): void {
  // Without its mark, spreadsheets take a CSV for Latin-1.
  const mark = type === "text/csv" ? "\ufeff" : "";
  const url = URL.createObjectURL(new Blob([mark + content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
