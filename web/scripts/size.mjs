// Tells what the built console weighs over the wire, and fails when it is more than it may.
import { readFileSync, readdirSync } from "node:fs";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";

const MOST_KB = 400;
const compressed = new Set([".woff2"]);
const root = new URL("../dist/", import.meta.url).pathname;

const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.name.endsWith(".gz"))
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .map((path) => {
    const bytes = readFileSync(path);
    return {
      path: path.slice(root.length),
      size: compressed.has(extname(path)) ? bytes.length : gzipSync(bytes, { level: 9 }).length,
    };
  })
  .sort((a, b) => b.size - a.size);

const total = files.reduce((sum, file) => sum + file.size, 0);
for (const file of files.slice(0, 12)) console.log(`${(file.size / 1024).toFixed(1).padStart(7)} KB  ${file.path}`);
console.log(`${(total / 1024).toFixed(1).padStart(7)} KB  in all, of at most ${MOST_KB} KB (gzip)`);
if (total > MOST_KB * 1024) {
  console.error("the console is too heavy: make a page lazy, or leave a dependency out");
  process.exit(1);
}
