// pages.mjs WIDTH SCHEME: every page as an administrator sees it.
import {
  BASE,
  expect,
  finish,
  keepsTheRules,
  launch,
  logIn,
  openPage,
  settled,
  shot,
} from "./browser.mjs";

const [width, scheme] = process.argv.slice(2);

const PAGES = {
  overview: "/",
  query: "/query",
  activity: "/activity?since=1h",
  record: "/activity?since=1h&record=RECORD",
  sessions: "/sessions",
  session: "/sessions/SESSION",
  subject: "/subject",
  agents: "/agents",
  budgets: "/budgets",
  approvals: "/approvals",
  approval: "/approvals/1",
  changes: "/changes",
  "changes-new": "/changes/new",
  access: "/access",
  "access-review": "/access?show=review",
  schema: "/schema",
  column: "/schema?table=public.customers&column=email",
  sensitive: "/schema?show=sensitive",
  drift: "/schema?show=drift",
  policy: "/policy",
  versions: "/policy?show=versions",
  identity: "/identity",
  user: "/identity?user=nightly-agent",
  databases: "/databases",
  integrity: "/integrity",
  settings: "/settings",
};

const browser = await launch();
const page = await openPage(browser, { width: Number(width), scheme });
await page.goto(BASE);
await page.getByLabel("Password", { exact: true }).waitFor();
await keepsTheRules(page, "login");
await shot(page, `login-${width}-${scheme}`);
await logIn(page, "root");
await page.getByLabel("Password", { exact: true }).waitFor({ state: "detached" });
await settled(page);

const { records } = await (
  await page.request.get(
    `${BASE}/api/v1/audit/records?type=statement&decision=denied&limit=1`,
  )
).json();
for (const [name, address] of Object.entries(PAGES)) {
  await page.goto(
    BASE +
      address
        .replace("RECORD", records[0].id)
        .replace("SESSION", records[0].session),
  );
  await settled(page);
  // Two readings make a rate.
  if (name === "overview") await page.waitForTimeout(5000);
  const alerts = await page.getByRole("alert").allTextContents();
  // The record and the session that are looked at tell of a refusal: that is what was refused then.
  const refusal = name === "record" || name === "session";
  expect(refusal || alerts.length === 0, `${name}: ${alerts.join(" / ")}`);
  await keepsTheRules(page, name);
  await shot(page, `${name}-${width}-${scheme}`);
}
if (Number(width) < 600) {
  await page.getByRole("button", { name: "Open the menu" }).click();
  await page
    .getByRole("dialog")
    .getByRole("link", { name: "Integrity" })
    .waitFor();
  await keepsTheRules(page, "menu");
  await shot(page, `menu-${width}-${scheme}`);
}
await finish(browser);
