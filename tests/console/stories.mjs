// stories.mjs NAME: what somebody does in the console, from beginning to end.
import { readFileSync } from "node:fs";
import {
  BASE,
  button,
  expect,
  keepsTheRules,
  logIn,
  PASSWORD,
  see,
  settled,
  shot,
  tell,
  write,
} from "./browser.mjs";

const stories = {
  async login(page) {
    await logIn(page, "alice", "wrong");
    await page.getByRole("alert").waitFor();
    await shot(page, "story-login-refused");
    await logIn(page, "alice");
    await see(page, "Hello, alice");
    const links = await page
      .getByRole("navigation")
      .getByRole("link")
      .allTextContents();
    expect(
      links.join() === "Overview,Query,Agents,Budgets,Approvals,Changes,Access",
      `a member is shown ${links}`,
    );
    await keepsTheRules(page, "member");
    await shot(page, "story-member");
    await page.goto(`${BASE}/settings`);
    await see(page, "There is no such page");
    // A session that is gone is noticed, and one comes back to where one was.
    await page.goto(`${BASE}/query`);
    await settled(page);
    await page.context().clearCookies();
    await page.goto(`${BASE}/approvals`);
    await button(page, "Log in").waitFor();
    await page.getByLabel("User", { exact: true }).fill("alice");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await button(page, "Log in").click();
    await page.getByRole("heading", { name: "Approvals" }).waitFor();
    await page.locator(".side .who").click();
    await page.getByRole("menuitem", { name: "Log out" }).click();
    await button(page, "Log in").waitFor();
    const kept = await page.evaluate(
      () =>
        JSON.stringify(localStorage) +
        JSON.stringify(sessionStorage) +
        document.cookie,
    );
    expect(
      !kept.includes("slc_"),
      "the browser's scripts can read a credential",
    );
  },

  async keyboard(page) {
    await logIn(page, "root");
    await settled(page);
    await page.reload();
    await settled(page);
    await page.keyboard.press("Tab");
    expect(
      await page.evaluate(
        () => document.activeElement?.textContent === "Skip to the page",
      ),
      "Tab does not begin with the skip link",
    );
    await page.keyboard.press("Enter");
    await page.keyboard.press("g");
    await page.keyboard.press("a");
    await page.getByRole("heading", { name: "Activity" }).waitFor();
    await page.locator('input[type="search"]').first().waitFor();
    await page.keyboard.press("/");
    expect(
      await page.evaluate(
        () => document.activeElement?.getAttribute("type") === "search",
      ),
      "/ does not lead to the search",
    );
    await page.keyboard.type("g o");
    expect(
      page.url().includes("/activity"),
      "what is typed into a field is taken for a shortcut",
    );
    await page.locator("h1").click();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    // What is being searched for anew is faint until it is there.
    await page.locator(".activity-stale").waitFor({ state: "detached" });
    await keepsTheRules(page, "shortcuts");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    // Chosen by hand, against the system.
    await page.locator(".side .who").click();
    await page.getByRole("menuitemradio", { name: "Dark" }).click();
    const dark = () =>
      page.waitForFunction(
        () => getComputedStyle(document.documentElement).backgroundColor === "rgb(13, 15, 18)",
      );
    await dark();
    await page.reload();
    await settled(page);
    await dark();
  },

  async query(page) {
    await logIn(page, "alice");
    await see(page, "Hello, alice");
    await page.goto(`${BASE}/query`);
    await settled(page);
    await write(
      page,
      "SQL",
      "SELECT id, email, loyalty_points FROM customers ORDER BY id LIMIT 300",
    );
    await page.keyboard.press("Control+Enter");
    await see(page, "300 rows");
    const cells = await page
      .getByRole("region", { name: "Rows" })
      .locator("tbody td")
      .allTextContents();
    expect(
      cells.some((text) => text.includes("***@")),
      `addresses are not masked: ${cells.slice(0, 8)}`,
    );
    expect(cells.length < 300 * 4, "rows that nobody sees are drawn");
    await keepsTheRules(page, "query result");
    await shot(page, "story-query");
    const download = page.waitForEvent("download");
    await button(page, "CSV").click();
    const csv = readFileSync(await (await download).path(), "utf8");
    expect(csv.startsWith("\ufeff"), "spreadsheets take the CSV for Latin-1");
    const lines = csv.trim().split("\r\n");
    expect(
      lines.length === 301 && lines[0] === "id,email,loyalty_points",
      `the CSV has ${lines.length} lines: ${lines[0]}`,
    );
    await write(page, "SQL", "DELETE FROM payments");
    await button(page, "Run").click();
    await page
      .getByRole("alert")
      .getByText("no-unbounded-writes")
      .first()
      .waitFor();
    await page.getByRole("alert").getByText("Hint: ").waitFor();
    await shot(page, "story-query-refused");
    await write(page, "SQL", "TRUNCATE support_notes");
    await button(page, "Run").click();
    await see(page, "Held: it waits for approval");
    await button(page, "History").click();
    await page.getByRole("dialog").getByText("LIMIT 300").first().click();
    await see(page, "LIMIT 300");
    // Back from the request, the statement is still there to be run.
    await page.getByRole("link", { name: "Approvals" }).first().click();
    await button(page, "Asked by me").click();
    await see(page, "TRUNCATE");
    await page.getByRole("link", { name: "Query" }).first().click();
    await see(page, "LIMIT 300");
    // A mark stands where the fault is, also where a part was run.
    await write(page, "SQL", "SELECT 1;\nSELECT nothing_like_it FROM customers");
    await page.keyboard.press("Control+End");
    await page.keyboard.press("Shift+Home");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("alert").first().waitFor();
    await page.locator(".cm-wrong-line").getByText("nothing_like_it").waitFor();
    await write(page, "SQL", "UPDATE orders SET status = 'tried' WHERE id < 4");
    await button(page, "Dry run").click();
    await see(page, "It would change 3 rows; it was taken back");
    await see(page, "public.orders: 0 inserted, 3 updated, 0 deleted");
    await keepsTheRules(page, "dry run");
    await shot(page, "story-dry-run");
    // Stop has the server cancel it, and so does leaving; the test looks at the server.
    await write(page, "SQL", "SELECT 'stopped', pg_sleep(50)");
    await button(page, "Run").click();
    await see(page, "Running…");
    await button(page, "Stop").click();
    await see(page, "The server has cancelled it");
    await keepsTheRules(page, "query stopped");
    await shot(page, "story-query-stopped");
    await write(page, "SQL", "SELECT 'left', pg_sleep(50)");
    await button(page, "Run").click();
    await see(page, "Running…");
    await page.waitForTimeout(500);
    await page.getByRole("link", { name: "Approvals" }).first().click();
  },

  async activity(page) {
    await logIn(page, "audra");
    await settled(page);
    await page.goto(`${BASE}/activity?since=1h`);
    await settled(page);
    const facet = page.getByRole("complementary", { name: "Narrow down" });
    await facet.getByRole("button", { name: /nightly-agent/ }).click();
    await facet.getByRole("button", { name: /^denied/ }).click();
    await page.waitForURL(/decision=denied/);
    const rows = page.getByRole("table", { name: "Records" }).getByRole("row");
    await page.waitForFunction(
      () => document.querySelectorAll(".rec-body").length === 1,
    );
    await rows.filter({ hasText: "payments" }).first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("no-unbounded-writes").first().waitFor();
    await button(dialog, "Verify in this browser").click();
    await dialog
      .getByText("Proven: it stands in the log as it is shown here")
      .waitFor();
    await shot(page, "story-proof");
    await keepsTheRules(page, "proof");
    // Records of every kind hold, too.
    for (const type of ["session_start", "admin", "approval", "statement", "schema_drift"]) {
      const { records } = await (
        await page.request.get(`${BASE}/api/v1/audit/records?type=${type}&order=oldest&limit=3`)
      ).json();
      for (const { id } of records) {
        await page.goto(`${BASE}/activity?type=any&since=1h&record=${id}`);
        await button(page.getByRole("dialog"), "Verify in this browser").click();
        const answer = page.getByRole("dialog").getByText(/^(Proven: |It does not hold|It cannot be checked)/);
        await answer.waitFor();
        const why = await page.getByRole("dialog").innerText();
        expect((await answer.innerText()).startsWith("Proven"), `record ${id}, ${type}: ${why}`);
      }
    }
    await page.goto(`${BASE}/activity?since=1h&user=nightly-agent&decision=denied`);
    await settled(page);
    await button(page, "Clear").click();
    await page.getByLabel("Words of the statement").fill("upper email");
    await page.keyboard.press("Enter");
    await page.waitForFunction(
      () => document.querySelectorAll(".rec-body").length === 1,
    );
    await button(page, "Saved").click();
    await page.getByLabel("Save what is searched now as").fill("guesses");
    await button(page.getByRole("dialog"), "Save").click();
    await page.getByRole("dialog").getByText("guesses").waitFor();
    await page.keyboard.press("Escape");
    await page.getByLabel("Words of the statement").fill("");
    await page.keyboard.press("Enter");
    await page.waitForFunction(
      () => document.querySelectorAll(".rec-body").length > 20,
    );
    expect(
      (await page.locator(".rec-body").count()) < 80,
      "records that nobody sees are drawn",
    );
    await button(page, "Export").click();
    const download = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: "JSON" }).click();
    const records = JSON.parse(
      readFileSync(await (await download).path(), "utf8"),
    );
    expect(
      records.length > 100 &&
        records.every((record) => record.type === "statement"),
      `${records.length} records were exported`,
    );
    // What happens from now on comes by itself.
    await button(page, "Follow").click();
    await page.getByRole("button", { name: "Live" }).waitFor();
    await page.waitForTimeout(1500);
    await page.request.post(`${BASE}/api/v1/query`, {
      headers: {
        "X-CSRF-Token": (
          await (await page.request.get(`${BASE}/api/v1/session`)).json()
        ).csrf,
      },
      data: { database: "orders", sql: "SELECT 'seen live'" },
    });
    await page
      .locator(".rec-body")
      .filter({ hasText: "seen live" })
      .first()
      .waitFor();
    await shot(page, "story-live");
    // Rows stand still under the pointer; what has come waits above.
    await page.locator(".rec-body").first().hover();
    await page.request.post(`${BASE}/api/v1/query`, {
      headers: {
        "X-CSRF-Token": (
          await (await page.request.get(`${BASE}/api/v1/session`)).json()
        ).csrf,
      },
      data: { database: "orders", sql: "SELECT 'comes later'" },
    });
    await page.getByRole("button", { name: /^\d+ new$/ }).waitFor();
    expect(
      (await page.locator(".rec-body").filter({ hasText: "comes later" }).count()) === 0,
      "rows move under the pointer",
    );
    await page.mouse.move(2, 2);
    await page.locator(".rec-body").filter({ hasText: "comes later" }).first().waitFor();
  },

  async whoSaw(page) {
    await logIn(page, "audra");
    await settled(page);
    await page.goto(`${BASE}/subject`);
    await page
      .getByLabel("Value", { exact: true })
      .fill(process.env.CONSOLE_VALUE);
    await button(page, "Find out").click();
    await page
      .getByRole("table", { name: "By whom" })
      .getByText("dora")
      .waitFor()
      .catch(async () => {
        await page
          .getByRole("region", { name: "By whom" })
          .getByText("dora")
          .waitFor();
      });
    await keepsTheRules(page, "who saw");
    await shot(page, "story-who-saw");
    expect(
      (await page.getByText("people may be missing").count()) === 0,
      "nobody is missing, and the page says so",
    );
    // Where there were more than are told, that is told.
    await page.route("**/audit/who-saw", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({
        response: answer,
        json: { ...(await answer.json()), truncated: true },
      });
    });
    await button(page, "Find out").click();
    await see(page, "people may be missing");
    const download = page.waitForEvent("download");
    await button(page, "CSV").click();
    expect(
      readFileSync(await (await download).path(), "utf8").includes("people may be missing"),
      "the file does not say that people may be missing",
    );
  },

  async approve(page) {
    await logIn(page, "erin");
    await settled(page);
    await page.goto(`${BASE}/approvals`);
    await page
      .getByRole("row")
      .filter({ hasText: process.env.CONSOLE_HELD })
      .first()
      .click();
    await page.waitForURL(/approvals\/\d+/);
    await see(page, "What changes in the schema");
    await page.getByLabel("Comment").fill("looked at it");
    await button(page, "Approve").click();
    await page.getByText("looked at it").last().waitFor();
    await page
      .locator("h1")
      .getByText(/approved|used/)
      .waitFor();
    await shot(page, "story-approved");
  },

  async policy(page) {
    await logIn(page, "root");
    await settled(page);
    await page.goto(`${BASE}/policy`);
    await settled(page);
    const { text } = await (
      await page.request.get(`${BASE}/api/v1/policy`)
    ).json();
    await write(page, "Policy", text.replace("rules:", "rulez:"));
    await page.getByText("fault").first().waitFor();
    await see(page, "What is wrong");
    await page
      .getByRole("textbox", { name: "Policy", exact: true })
      .press("Control+Home");
    await page.locator(".cm-wrong-line").first().waitFor();
    expect(
      await button(page, "Review and save").isDisabled(),
      "a policy with faults can be saved",
    );
    await shot(page, "story-policy-fault");
    await write(page, "Policy", `${text}# seen in the console\n`);
    await page.getByText("valid", { exact: true }).waitFor();
    await page.getByLabel("As", { exact: true }).fill("alice");
    await write(page, "Statement", "DELETE FROM payments");
    await button(page, "Explain").click();
    await page.getByText("deny, by no-unbounded-writes").waitFor();
    await button(page, "Replay recorded traffic").click();
    await button(page, "Replay").click();
    await page.getByText(/newly refused/).waitFor();
    await shot(page, "story-policy-replay");
    await button(page, "On trial").click();
    await button(page, "Look").click();
    const trial = page.locator(".rule", { hasText: "payments-on-trial" });
    await trial.getByText(/1 statement that ran would not have/).waitFor();
    await trial.getByText("TABLE payments LIMIT 10").first().waitFor();
    await trial.getByRole("link", { name: /^record / }).waitFor();
    await keepsTheRules(page, "rules on trial");
    await shot(page, "story-policy-trial");
    await button(page, "Review and save").click();
    await page.getByLabel("What was changed, and why").fill("a remark");
    await keepsTheRules(page, "review");
    await button(page, "Put in force").click();
    await page.getByText("stored policy 3").waitFor();
    await page.getByRole("tab", { name: "Versions" }).click();
    await page.getByText("a remark").waitFor();
    await button(page, "2").click();
    await button(page, "Go back to it").click();
    await button(page.getByRole("dialog"), "Put in force").click();
    await page.getByText("stored policy 4").waitFor();
    expect(
      (await (await page.request.get(`${BASE}/api/v1/policy`)).json()).text ===
        text,
      "the rules are not as they were",
    );
  },

  async schema(page) {
    await logIn(page, "root");
    await settled(page);
    await page.goto(`${BASE}/schema`);
    await settled(page);
    await page.getByLabel("Search tables, columns and classes").fill("loyalty");
    await button(page, "loyalty_points").click();
    await page.getByLabel("It holds").selectOption("salary");
    await page.getByLabel("Why").fill("it is what they earn");
    await button(page, "Correct").click();
    await page.getByRole("dialog").getByText("salary").first().waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("tab", { name: "Corrections" }).click();
    await page.getByText("it is what they earn").waitFor();
    await page.getByRole("tab", { name: "Changes" }).click();
    const drifted = page.locator(".panel", { hasText: "no recorded statement made this" });
    await drifted.getByText("customers.note").waitFor();
    const recorded = page.locator(".panel", { hasText: "ADD COLUMN parcel" });
    await recorded.getByText("dan", { exact: true }).waitFor();
    await recorded.getByRole("link", { name: "request " }).waitFor();
    await keepsTheRules(page, "schema changes");
    await shot(page, "story-schema-changes");
    await button(page, "Past the gateway").click();
    await recorded.waitFor({ state: "detached" });
    await drifted.waitFor();
    // Who uses a table, and a column of it.
    await page.goto(`${BASE}/schema?table=public.orders`);
    await settled(page);
    await button(page, "Who uses it").click();
    const users = page.getByRole("dialog").getByRole("region", { name: "Who uses it" });
    await users.getByRole("row", { name: /nightly-agent agent/ }).waitFor();
    const mine = await users.getByRole("row", { name: /^alice/ }).locator("td").allTextContents();
    expect(Number(mine[1].replace(",", "")) >= 100 && mine[2] === "0", `alice's use of orders: ${mine}`);
    await page.waitForTimeout(300);
    await keepsTheRules(page, "who uses a table");
    await shot(page, "story-who-uses");
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "Changes", exact: true }).last().click();
    await page.locator(".panel", { hasText: "ADD COLUMN parcel" }).waitFor();
    expect((await drifted.count()) === 0, "changes of another table are told");
    await button(page, "Of all tables").click();
    await drifted.first().waitFor();
    await page.goto(`${BASE}/schema?table=public.customers&column=email`);
    await page.getByRole("dialog").getByRole("link", { name: "dora" }).click();
    await page.getByText("birth_date").first().waitFor();
  },

  async sessions(page) {
    await logIn(page, "root");
    await settled(page);
    await page.goto(`${BASE}/sessions`);
    await page.getByLabel("Search sessions").fill("dora");
    await page.getByRole("button", { name: /^End session/ }).click();
    await shot(page, "story-end-session");
    await button(page.getByRole("dialog"), "End it").click();
    await page.getByText(/^(None of them|Nobody is connected)$/).waitFor();
  },

  async identity(page) {
    await logIn(page, "root");
    await settled(page);
    await page.goto(`${BASE}/identity`);
    await button(page, "Add a user").click();
    await page.getByLabel("Name", { exact: true }).fill("report-agent");
    await page.getByLabel("Kind").selectOption("agent");
    await page.getByLabel("Groups", { exact: true }).fill("agents, reports");
    await button(page.getByRole("dialog"), "Add").click();
    await page.getByRole("dialog", { name: "report-agent", exact: true }).waitFor();
    await button(page, "Issue a token").click();
    const dialog = page.getByRole("dialog", {
      name: "A token for report-agent",
    });
    await dialog.getByLabel("mcp").check();
    await dialog.getByLabel("Acts for").fill("alice");
    await button(dialog, "Issue").click();
    await dialog.getByText("This is shown once").waitFor();
    const secret = (await dialog.locator("pre").textContent()).trim();
    expect(secret.startsWith("slc_"), `the token is ${secret.slice(0, 4)}…`);
    // Nothing but its own button closes what is not seen again.
    await page.keyboard.press("Escape");
    await page.mouse.click(5, 5);
    expect(await dialog.locator("pre").isVisible(), "a token that is shown once was closed by accident");
    await button(dialog, "Copy").click();
    await page.getByText(/^(Copied|It is marked)$/).first().waitFor();
    await keepsTheRules(page, "a new token");
    await shot(page, "story-token");
    await button(dialog, "I have kept it").click();
    await page.getByText("for alice").waitFor();
    await keepsTheRules(page, "a user");
    expect(
      !(await page.content()).includes(secret),
      "the secret is still on the page",
    );
    await button(page, "Disable").click();
    await button(page.getByRole("dialog", { name: "Keep report-agent out?" }), "Disable").click();
    await page.getByText("disabled").first().waitFor();
  },

  async change(page) {
    await logIn(page, "alice");
    await settled(page);
    await page.goto(`${BASE}/changes/new`);
    await page.getByLabel("Title").fill("Notes on orders");
    await page.getByLabel("Reason").fill("support asks for them");
    await page.getByRole("checkbox", { name: /orders/ }).check();
    await write(page, "Script", "ALTER TABLE orders ADD COLUMN remark text;");
    await button(page, "Lint").click();
    await see(page, "Line 1:");
    await button(page, "Submit").click();
    await page.waitForURL(/changes\/\d+/);
    await see(page, "It waits for people");
    await keepsTheRules(page, "a change");
    await shot(page, "story-change");
    await button(page, "Cancel").click();
    await button(page.getByRole("dialog"), "Cancel").last().click();
    await page
      .locator("h1")
      .getByText(/cancelled|withdrawn/)
      .waitFor();
  },

  async agent(page) {
    await logIn(page, "alice");
    await settled(page);
    await page.goto(`${BASE}/agents`);
    await page.getByRole("link", { name: "console-run" }).click();
    await see(page, "Prompt 1");
    await see(page, "call-7");
    await see(page, "FROM orders WHERE id = 7");
    await button(page, "Read the prompt").click();
    await see(page, "What became of order seven?");
    await keepsTheRules(page, "a run");
    await shot(page, "story-run");
  },

  async budgets(page) {
    await logIn(page, "root");
    await see(page, "Agents' budgets");
    await page.getByRole("meter", { name: "rows of an-agents-month, nightly-agent" }).waitFor();
    await page.getByRole("link", { name: "All budgets" }).click();
    await page.waitForURL(/budgets$/);
    await settled(page);
    const bar = page.getByRole("meter", {
      name: "rows of an-agents-month, nightly-agent",
    });
    const used = Number(await bar.getAttribute("aria-valuenow"));
    expect(used >= 170 && used <= 200, `rows used: ${used}`);
    await see(page, "the platform team");
    await button(page, "Runs").click();
    await page
      .getByRole("meter", { name: /statements of a-run, nightly-agent run budget-run/ })
      .waitFor();
    expect(
      (await page.getByRole("meter", { name: /an-agents-month/ }).count()) === 0,
      "budgets of agents among those of runs",
    );
    await keepsTheRules(page, "budgets of runs");
    await shot(page, "story-budgets");
  },

  async firstStart(page) {
    await logIn(page, "root");
    await see(page, "First steps");
    await see(page, "PostgreSQL 15");
    await see(page, /\d+ columns found in orders/);
    await see(page, 'psql "host=');
    await keepsTheRules(page, "first steps");
    await shot(page, "story-first-start");
  },

  // Rules that somebody else has to approve.
  async policyProposal(page) {
    await logIn(page, "root");
    await settled(page);
    await page.goto(`${BASE}/policy`);
    await settled(page);
    const { text } = await (await page.request.get(`${BASE}/api/v1/policy`)).json();
    await write(page, "Policy", `${text}# proposed in the console\n`);
    await page.getByText("valid", { exact: true }).waitFor();
    await button(page, "Review and save").click();
    const dialog = page.getByRole("dialog", { name: "Propose these rules?" });
    await dialog.getByText("Somebody else of approvers approves them").waitFor();
    await dialog.getByLabel("What was changed, and why").fill("a proposal");
    await button(dialog, "Propose").click();
    await see(page, "Other rules wait for approval");
    await keepsTheRules(page, "proposed rules");
    await shot(page, "story-policy-proposed");
    await page.context().clearCookies();
    await logIn(page, "erin");
    await settled(page);
    await page.goto(`${BASE}/policy`);
    await page.getByRole("link", { name: /Request \d+/ }).click();
    await page.getByText("# proposed in the console").waitFor();
    await see(page, "a proposal");
    await keepsTheRules(page, "rules to be approved");
    await shot(page, "story-policy-approval");
    await button(page, "Approve").click();
    await page.locator("h1").getByText(/approved|used/).waitFor();
    await page.goto(`${BASE}/policy`);
    await page.getByText("stored policy 1").waitFor();
  },

  // From a gateway without a database to one that is looked at, changed and removed.
  async firstDatabase(page) {
    const port = process.env.CONSOLE_SERVER_PORT;
    await logIn(page, "root");
    await see(page, "First steps");
    await see(page, "Nobody but you yet");
    await keepsTheRules(page, "first steps without a database");
    await shot(page, "story-first-database-none");
    await button(page, "Add a database").first().click();
    const dialog = page.getByRole("dialog", { name: "Add a database" });
    const fill = (label, text) => dialog.getByLabel(label, { exact: true }).fill(text);
    await fill("Name", "orders");
    await fill("Host", "127.0.0.1");
    await fill("Port", "9");
    await fill("Database at the server", "orders");
    await dialog.getByLabel("Encryption", { exact: true }).selectOption("none");
    await fill("Role at the server", "sluice");
    await fill("Its password", "not this one");
    await button(dialog, "Add").click();
    await dialog.getByText("nothing listens at 127.0.0.1:9").waitFor();
    await keepsTheRules(page, "a database that does not answer");
    await fill("Port", port);
    await button(dialog, "Add").click();
    await dialog.getByText("password authentication failed").waitFor();
    await dialog.getByText("Check user and password").waitFor();
    await shot(page, "story-first-database-refused");
    await fill("Its password", process.env.CONSOLE_SERVER_PASSWORD);
    await button(dialog, "Try it").click();
    await dialog.getByText(/The gateway can log in: PostgreSQL 15/).waitFor();
    await dialog.getByText("is a superuser").waitFor();
    await shot(page, "story-first-database-tried");
    await button(dialog, "Add").click();
    await dialog.waitFor({ state: "detached" });
    // The walk goes on: people, what is sensitive, the first statement.
    await see(page, /orders: PostgreSQL 15/);
    await button(page, "Add a user").click();
    const somebody = page.getByRole("dialog", { name: "Add a user" });
    await somebody.getByLabel("Name", { exact: true }).fill("olga");
    await somebody.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await button(somebody, "Add").click();
    await see(page, "1 user besides you");
    await see(page, /\d+ columns found in orders/);
    await see(page, "dbname=orders");
    await keepsTheRules(page, "first steps with a database");
    await shot(page, "story-first-database");
    await page.getByRole("link", { name: /See them/ }).click();
    await see(page, "customers");
    await page.goto(`${BASE}/databases`);
    await settled(page);
    await page.getByRole("button", { name: "Change orders" }).click();
    const change = page.getByRole("dialog", { name: "Change orders" });
    await change.getByLabel("Environment", { exact: true }).fill("staging");
    await button(change, "Save").click();
    // Other rules come with it: the kept password is good for the old ones.
    await change.getByText(/give it again/).waitFor();
    await change
      .getByLabel("Its password", { exact: true })
      .fill(process.env.CONSOLE_SERVER_PASSWORD);
    await button(change, "Save").click();
    await change.waitFor({ state: "detached" });
    await page.getByRole("cell", { name: "staging" }).waitFor();
    await keepsTheRules(page, "databases that were added");
    await shot(page, "story-databases");
    await page.getByRole("button", { name: "Remove orders" }).click();
    await button(page.getByRole("dialog", { name: "Remove orders?" }), "Remove").click();
    await page.getByText("orders was removed").first().waitFor();
    await page.getByRole("button", { name: "Change orders" }).waitFor({ state: "detached" });
    const kept = await page.evaluate(
      () => JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + document.body.innerHTML,
    );
    expect(
      !kept.includes(process.env.CONSOLE_SERVER_PASSWORD),
      "the password of the server is kept in the page",
    );
  },
};

await tell(stories);
