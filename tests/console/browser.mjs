// A browser at the console, and what every page must keep: no error, no word of the policy broken, WCAG 2.1 AA, no sideways scrolling.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const packages = createRequire(join(process.env.NODE_HOME, "package.json"));
const { chromium } = packages("playwright-core");
const axe = readFileSync(packages.resolve("axe-core/axe.min.js"), "utf8");

export const BASE = process.env.CONSOLE_URL;
export const PASSWORD = process.env.CONSOLE_PASSWORD;
const SHOTS = process.env.CONSOLE_SHOTS;

export const failures = [];

export function expect(holds, what) {
  if (!holds) failures.push(what);
}

export async function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}

/** A page that tells of everything that goes wrong in it. Answers of 4xx are a page's to show: the browser logs them too. */
export async function openPage(
  browser,
  { width = 1280, scheme = "light" } = {},
) {
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 780 : 860 },
    colorScheme: scheme,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  // A machine that is busy elsewhere draws late.
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (error) =>
    failures.push(`${page.url()}: ${error.message}`),
  );
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !/status of 4\d\d/.test(text))
      failures.push(`${page.url()}: ${text}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 500)
      failures.push(`${response.url()} answered ${response.status()}`);
  });
  return page;
}

export async function logIn(page, user, password = PASSWORD) {
  await page.goto(BASE);
  await page.getByLabel("User", { exact: true }).fill(user);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** Once nothing loads any more. */
export async function settled(page) {
  await page.waitForFunction(
    () =>
      document.querySelector(".loading") === null &&
      document.querySelector("main h1") !== null,
  );
  await page.waitForTimeout(300);
}

export async function shot(page, name) {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

export async function keepsTheRules(page, name) {
  const wider = await page.evaluate(
    () => document.documentElement.scrollWidth - window.innerWidth,
  );
  expect(wider <= 0, `${name}: ${wider} pixels wider than the window`);
  // Past the page's own policy, which lets no script in from here.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: axe });
  const found = await page.evaluate(() =>
    window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    }),
  );
  for (const each of found.violations) {
    failures.push(
      `${name}: ${each.id}: ${each.nodes[0].html.slice(0, 200)}: ${each.nodes[0].failureSummary}`,
    );
  }
  expect(found.passes.length > 5, `${name}: axe has hardly looked at anything`);
}

/** Ends the script: what failed, one a line. */
export async function finish(browser) {
  await browser.close();
  for (const each of failures) console.error(each);
  process.exit(failures.length > 0 ? 1 : 0);
}

export const see = (page, text) => page.getByText(text).first().waitFor();
export const button = (page, name) =>
  page.getByRole("button", { name, exact: true });

/** Types into an editor by its label; it stands in a shadow root, which Playwright looks into. */
export async function write(page, label, text) {
  await page.getByRole("textbox", { name: label, exact: true }).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
}

/** What the gateway itself answers to whoever is logged in on this page. */
export async function ask(page, method, path, data) {
  const { csrf } = await (
    await page.request.get(`${BASE}/api/v1/session`)
  ).json();
  const answer = await page.request.fetch(`${BASE}/api/v1${path}`, {
    method,
    headers: { "X-CSRF-Token": csrf },
    ...(data === undefined ? {} : { data }),
  });
  return answer.json();
}

/** The story that the command line names, in a browser of its own. */
export async function tell(stories) {
  const [name] = process.argv.slice(2);
  const browser = await launch();
  const page = await openPage(browser);
  try {
    await stories[name](page, browser);
  } catch (error) {
    expect(false, `${name}: ${error.message}`);
    await shot(page, `failed-${name}`).catch(() => {});
  }
  await finish(browser);
}
