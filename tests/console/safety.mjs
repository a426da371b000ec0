// safety.mjs NAME: where the console could mislead whoever decides, or lose what they typed.
import {
  ask,
  BASE,
  button,
  expect,
  keepsTheRules,
  logIn,
  openPage,
  PASSWORD,
  see,
  settled,
  shot,
  tell,
  write,
} from "./browser.mjs";

async function enter(page, user) {
  await logIn(page, user);
  await page.getByRole("navigation", { name: "Pages" }).first().waitFor();
  await settled(page);
}

const stories = {
  // A row was changed between the statement and its undoing, after the preview was read.
  async undo(page) {
    await enter(page, "erin");
    await page.goto(`${BASE}/approvals/${process.env.CONSOLE_REQUEST}`);
    await button(page, "Take back").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText(/row/).first().waitFor();
    await page.request.get(process.env.CONSOLE_DO);
    await button(dialog, "Take it back").click();
    await dialog.getByText("Nothing was taken back").waitFor();
    await dialog.getByText("1 row changed since").waitFor();
    expect(
      (await page.getByText("It was taken back").count()) === 0,
      "what was not taken back is said to be",
    );
    await keepsTheRules(page, "an undo that met a conflict");
    await shot(page, "story-undo-conflict");
    expect(
      await button(dialog, "Take it back").isDisabled(),
      "it can be tried again without a word about the rows that changed",
    );
    await dialog.getByLabel("Leave rows that changed since as they are").check();
    await button(dialog, "Take it back").click();
    await see(page, "It was taken back");
    await dialog.getByText("undone", { exact: true }).waitFor();
  },

  // Two change the rules from the same version; the second is told, and loses nothing.
  async policy(page, browser) {
    await enter(page, "root");
    await page.goto(`${BASE}/policy`);
    await settled(page);
    const before = await ask(page, "GET", "/policy");
    await write(page, "Policy", `${before.text}# mine\n`);
    await page.getByText("valid", { exact: true }).waitFor();
    // Other tabs of the page, and other pages.
    await page.getByRole("tab", { name: "Versions" }).click();
    await see(page, "What it changed");
    await page.getByRole("link", { name: "Schema" }).first().click();
    await page.getByRole("heading", { name: "Schema" }).first().waitFor();
    await page.getByRole("link", { name: "Policy" }).first().click();
    await see(page, "# mine");
    await page.getByText("valid", { exact: true }).waitFor();
    await button(page, "Review and save").click();
    await page.getByLabel("What was changed, and why").fill("my remark");
    const theirs = `${before.text}# theirs\n`;
    await ask(page, "PUT", "/policy", {
      text: theirs,
      comment: "their remark",
      expected: before.number,
      file: "policy",
    });
    await button(page, "Put in force").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("alert").first().waitFor();
    expect(
      (await dialog.getByLabel("What was changed, and why").inputValue()) === "my remark",
      "the comment is lost",
    );
    await page.getByText(/Other rules are in force since/).waitFor();
    await shot(page, "story-policy-conflict");
    await button(dialog, "Cancel").click();
    await see(page, "# mine");
    await keepsTheRules(page, "rules that were overtaken");
    await button(page, "What they changed").click();
    await page.getByRole("dialog").getByText("# theirs").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    // A session that ends takes nothing with it, and nobody else finds it.
    await page.context().clearCookies();
    await page.getByRole("link", { name: "Approvals" }).first().click();
    await see(page, "Your session has ended");
    await page.getByLabel("User", { exact: true }).fill("root");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await button(page, "Log in").click();
    await page.getByRole("heading", { name: "Approvals" }).waitFor();
    await page.getByRole("link", { name: "Policy" }).first().click();
    await see(page, "# mine");
    await button(page, "Begin from them").click();
    await button(page.getByRole("dialog"), "Begin").click();
    await see(page, "# theirs");
    await page.getByText("as in force").waitFor();
    expect((await ask(page, "GET", "/policy")).text === theirs, "their rules were written over");
  },

  // What is not seen, or turns the order of what is.
  async unseen(page) {
    await enter(page, "dora");
    await page.goto(`${BASE}/approvals/${process.env.CONSOLE_REQUEST}`);
    await see(page, "It holds characters that are not seen");
    await page.locator(".unseen").getByText("\\u202e").first().waitFor();
    const all = await page.locator("main").innerText();
    expect(!/[\u202a-\u202e\u2066-\u2069]/.test(all), "marks that turn the direction of a text are on the page");
    await keepsTheRules(page, "a statement with what is not seen");
    await shot(page, "story-unseen");
    await page.goto(`${BASE}/approvals`);
    await page.locator(".unseen").first().waitFor();
    await page.goto(`${BASE}/query`);
    await settled(page);
    await write(page, "SQL", "SELECT 1 /*\u202e*/");
    await page.locator(".cm-unseen").getByText("\\u202e").waitFor();
  },

  // Where the gateway does not say that the session is over, it is not shown as over.
  async logout(page, browser) {
    await enter(page, "alice");
    await page.route("**/api/v1/session", (route) =>
      route.request().method() === "DELETE"
        ? route.fulfill({
            status: 429,
            contentType: "application/problem+json",
            body: '{"title": "too many requests"}',
          })
        : route.fallback(),
    );
    await page.locator(".side .who").click();
    await page.getByRole("menuitem", { name: "Log out" }).click();
    await see(page, "too many requests");
    await page.getByRole("heading", { name: "Hello, alice" }).waitFor();
    await page.unroute("**/api/v1/session");
    await page.locator(".side .who").click();
    await page.getByRole("menuitem", { name: "Log out" }).click();
    await button(page, "Log in").waitFor();
    // Somebody else logs in in another tab: this one is theirs from then on.
    await enter(page, "alice");
    const other = await page.context().newPage();
    await other.goto(BASE);
    await settled(other);
    // What this one asks meanwhile is answered when they are in: else it may see that nobody is.
    let answer;
    const switched = new Promise((done) => (answer = done));
    await page.route("**/api/v1/**", async (route) => {
      await switched;
      await route.fallback();
    });
    await other.locator(".side .who").click();
    await other.getByRole("menuitem", { name: "Log out" }).click();
    await other.getByLabel("User", { exact: true }).fill("dora");
    await other.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await button(other, "Log in").click();
    await see(other, "Hello, dora");
    answer();
    await page.getByRole("link", { name: "Query" }).first().click();
    await settled(page);
    await write(page, "SQL", "SELECT 1");
    await button(page, "Run").click();
    await page.locator(".side .who").getByText("dora").waitFor();
  },
};

await tell(stories);
