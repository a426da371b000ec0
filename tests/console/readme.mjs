// readme.mjs: the README's four pictures, of a gateway at work (readme_shots.py).
import {
  BASE,
  button,
  expect,
  finish,
  launch,
  logIn,
  openPage,
  see,
  settled,
  shot,
} from "./browser.mjs";

const browser = await launch();

/** A page of its own for each who looks. */
async function as(user, look) {
  const page = await openPage(browser);
  await logIn(page, user);
  await settled(page);
  await look(page);
  await page.context().close();
}

try {
  await as("root", async (page) => {
    // What it draws goes back to when the page was opened.
    await page.waitForTimeout(95_000);
    await shot(page, "overview");
  });
  await as("erin", async (page) => {
    await page.goto(`${BASE}/approvals`);
    await page
      .getByRole("row")
      .filter({ hasText: "gift_note" })
      .first()
      .click();
    await see(page, "What changes in the schema");
    await settled(page);
    await shot(page, "approval");
  });
  await as("audra", async (page) => {
    await page.goto(`${BASE}/activity?since=1h&user=nightly-agent&decision=denied`);
    await settled(page);
    const rows = page.getByRole("table", { name: "Records" }).getByRole("row");
    await rows.filter({ hasText: "payments" }).first().click();
    const dialog = page.getByRole("dialog");
    await button(dialog, "Verify in this browser").click();
    await dialog
      .getByText("Proven: it stands in the log as it is shown here")
      .waitFor();
    await shot(page, "record");
  });
  await as("audra", async (page) => {
    await page.goto(`${BASE}/agents`);
    await page.getByRole("link", { name: "late-parcels" }).click();
    await see(page, "Prompt 2");
    for (let left = 2; left > 0; left--) {
      await button(page, "Read the prompt").first().click();
      await page.waitForFunction(
        (most) =>
          [...document.querySelectorAll("button")].filter(
            (each) => each.textContent === "Read the prompt",
          ).length < most,
        left,
      );
    }
    await settled(page);
    await page.evaluate(() => window.scrollTo(0, 0));
    await shot(page, "run");
  });
} catch (error) {
  expect(false, error.message);
}
await finish(browser);
