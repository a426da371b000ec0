// newcomer.mjs WIDTH SCHEME: from a change that was submitted to one that has run, and to who saw a value, by clicking what is to be seen alone.
import {
  button,
  expect,
  finish,
  keepsTheRules,
  launch,
  logIn,
  openPage,
  see,
  shot,
  write,
} from "./browser.mjs";

const [width, scheme] = process.argv.slice(2);
const narrow = Number(width) < 600;
const browser = await launch();
const page = await openPage(browser, { width: Number(width), scheme });
const name = (what) => `newcomer-${what}-${width}-${scheme}`;

const menu = async () => {
  if (narrow) await button(page, "Open the menu").click();
};
const follow = async (link) => {
  await menu();
  await page.getByRole("link", { name: link }).locator("visible=true").click();
};
const logOut = async () => {
  await menu();
  await page.locator(".who").locator("visible=true").click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await button(page, "Log in").waitFor();
};

async function play() {
  await logIn(page, "alice");
  await follow("Changes");
  await page.getByRole("link", { name: "Submit a change" }).click();
  await page.getByLabel("Title").fill(`Gift wrapping, ${width} ${scheme}`);
  await page.getByLabel("Reason").fill("the shop sells it from Monday on");
  await page.getByRole("checkbox", { name: /orders/ }).check();
  await write(page, "Script", `ALTER TABLE payments ADD COLUMN wrap_${width}_${scheme} text;`);
  await button(page, "Submit").click();
  await see(page, "It waits for people");
  await logOut();

  // What the one who decides sees first is what waits for them.
  await logIn(page, "erin");
  await see(page, "Waiting for your decision");
  const row = page.getByRole("row").filter({ hasText: `wrap_${width}_${scheme}` });
  await row.waitFor();
  await keepsTheRules(page, "what an approver sees first");
  await shot(page, name("approver"));
  await row.getByRole("link", { name: /^Request \d+$/ }).click();
  await see(page, "What changes in the schema");
  await see(page, "Your decision");
  await keepsTheRules(page, "a decision");
  await shot(page, name("request"));
  await button(page, "Approve").click();
  await page.locator("h1").getByText("approved").waitFor();
  await logOut();

  await logIn(page, "alice");
  await page
    .getByRole("row")
    .filter({ hasText: `wrap_${width}_${scheme}` })
    .getByRole("link")
    .click();
  await see(page, "It is approved, and has not run yet");
  await keepsTheRules(page, "what is to be done next");
  await shot(page, name("approved"));
  await page.getByRole("link", { name: /Go to change \d+, and run it/ }).click();
  await button(page, "Run").click();
  await button(page.getByRole("dialog"), "Run").click();
  await page.locator("h1").getByText("done").waitFor();
  await shot(page, name("ran"));
  await logOut();

  await logIn(page, "audra");
  await see(page, "Agents' budgets");
  await follow("Who saw");
  await page.getByLabel("Value", { exact: true }).fill(process.env.CONSOLE_VALUE);
  await button(page, "Find out").click();
  await page.getByRole("link", { name: "dora" }).or(page.getByText("dora", { exact: true })).first().waitFor();
  await shot(page, name("who-saw"));
}

try {
  await play();
} catch (error) {
  expect(false, `at ${page.url()}: ${error.message}`);
  await shot(page, name("failed")).catch(() => {});
}
await finish(browser);
