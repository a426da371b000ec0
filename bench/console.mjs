// The Activity page over many records, as bench/console.py has it: prints {"what": [milliseconds, …], …}.
import { createRequire } from "node:module";
import { join } from "node:path";

const packages = createRequire(join(process.env.NODE_HOME, "package.json"));
const { chromium } = packages("playwright-core");
const BASE = process.env.CONSOLE_URL;
const runs = Number(process.argv[2]);
const times = {};
const note = (what, milliseconds) =>
  (times[what] ??= []).push(Math.round(milliseconds));

/** How long it takes from `act` until what it asks for (a part of an address) has come and is drawn. */
async function timed(page, what, part, act) {
  const answer = page.waitForResponse((each) => each.url().includes(part));
  const begun = performance.now();
  await act();
  await (await answer).finished();
  await page.waitForFunction(
    () => document.querySelector(".activity-stale") === null,
  );
  await page.evaluate(() => new Promise(requestAnimationFrame));
  note(what, performance.now() - begun);
}

const PARTS = {
  "first rows": ".rec-open",
  histogram: '[aria-label$="records over time"]:not([aria-label^="0 "])',
  facets: ".facet-value",
};

/** In the page itself, frame by frame: whoever asks from outside asks now and then. */
function watch(parts) {
  const seen = (window.seen = {});
  const look = () => {
    for (const [what, selector] of Object.entries(parts)) {
      if (!(what in seen) && document.querySelector(selector) !== null)
        seen[what] = performance.now();
    }
    if (Object.keys(seen).length < Object.keys(parts).length)
      requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

async function look(page, kind) {
  await page.goto(`${BASE}/activity`);
  await page.waitForFunction(
    (all) => Object.keys(window.seen).length === all,
    Object.keys(PARTS).length,
  );
  const { seen, paint } = await page.evaluate(() => ({
    seen: window.seen,
    paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
  }));
  note(`${kind}: first paint`, paint);
  for (const what of Object.keys(PARTS)) note(`${kind}: ${what}`, seen[what]);
}

/** What somebody does who looks for something. */
async function work(page) {
  const list = page.locator(".rec-scroll");
  await timed(page, "next page, by scrolling", "cursor=", () =>
    list.evaluate((each) => each.scrollTo(0, each.scrollHeight)),
  );
  const begun = performance.now();
  const frames = 60;
  await list.evaluate(async (each, steps) => {
    for (let step = 0; step < steps; step += 1) {
      each.scrollBy(0, -200);
      await new Promise((done) => requestAnimationFrame(done));
    }
  }, frames);
  note("a frame while scrolling", (performance.now() - begun) / frames);
  await timed(page, "narrowed down by a facet", "/audit/records?", () =>
    page.locator(".facet-value").nth(3).click(),
  );
  await page.goto(`${BASE}/activity`);
  await page.locator(".rec-open").first().waitFor();
  await timed(page, "longest first", "order=duration", () =>
    page.getByLabel("Order").selectOption("duration"),
  );
  await timed(
    page,
    "two words, half a second of it waiting for more",
    "words=",
    () => page.getByLabel("Words of the statement").fill("select customers"),
  );
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});
for (let run = 0; run < runs; run += 1) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
  });
  const page = await context.newPage();
  await page.addInitScript(watch, PARTS);
  page.setDefaultTimeout(30_000);
  const logged = await context.request.post(`${BASE}/api/v1/session`, {
    data: { user: "audra", password: process.env.CONSOLE_PASSWORD },
    headers: { Origin: BASE },
  });
  if (!logged.ok()) throw new Error(await logged.text());
  await look(page, "cold");
  await look(page, "warm");
  await work(page);
  await context.close();
}
await browser.close();
process.stdout.write(JSON.stringify(times));
