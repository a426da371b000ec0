// Cuts Inter (SIL Open Font License) to what the console writes itself: ASCII and a few signs, in the weights that it uses.
// Whatever else is shown is in the system's font.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import subsetFont from "subset-font";

const require = createRequire(import.meta.url);
const whole = readFileSync(require.resolve("@fontsource-variable/inter/files/inter-latin-wght-normal.woff2"));
const ascii = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join("");
const signs = "\u00a0\u00b7\u00b5\u00d7\u2013\u2014\u2019\u2026\u2192";
const cut = await subsetFont(whole, ascii + signs, {
  targetFormat: "woff2",
  variationAxes: { wght: { min: 400, max: 680, default: 400 } },
  keepFeatures: ["kern", "tnum", "ccmp", "locl", "mark"],
  noLayoutClosure: true,
});
const folder = new URL("../src/styles/fonts/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("inter.woff2", folder), cut);
// Its licence goes with it.
const licences = new URL("../public/licences/", import.meta.url);
mkdirSync(licences, { recursive: true });
copyFileSync(require.resolve("@fontsource-variable/inter/LICENSE"), new URL("inter.txt", licences));
