"""The demo: a private PostgreSQL with sample data, the gateway in front, and a short story.

    demo.py          plays the story and stays up until Ctrl-C
    demo.py --once   plays it, checks every step, exits 0 only if all went as it should
"""

import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/api")]
os.environ.setdefault("SLUICE_BIN", str(ROOT / "build/release/sluice"))

from client import ask, known_token  # noqa: E402
from harness.gateway import PASSWORD, SLUICE, Gateway  # noqa: E402
from harness.postgres import PostgresServer, as_postgres  # noqa: E402

COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ
CUSTOMERS = 1000


def paint(code, text):
    return f"\x1b[{code}m{text}\x1b[0m" if COLOUR else text


def say(text):
    print(paint(1, f"\n== {text}"), flush=True)


class Story:
    def __init__(self, gateway, server):
        self.gateway = gateway
        self.server = server
        self.failures = 0
        self.email = "a customer's address"

    def expect(self, what, good):
        print((paint(32, "   ok: ") if good else paint(31, "   FAILED: ")) + what, flush=True)
        self.failures += not good

    def psql(self, user, sql):
        print(paint(36, f'$ psql -h 127.0.0.1 -p {self.gateway.port} -U {user} orders -c "{sql}"'))
        done = self.gateway.psql("-c", sql, user=user, env={"PSQLRC": "/dev/null"})
        print((done.stdout + done.stderr).rstrip(), flush=True)
        return done

    def cli(self, *args):
        print(paint(36, f"$ sluice {shlex.join(args)}"))
        done = self.gateway.cli(*args, check=False)
        print((done.stdout + done.stderr).rstrip(), flush=True)
        return done

    def let_privacy_team_see(self):
        """One rule more than the shipped profile has; and DBAs' clean schema changes wait for nobody."""
        policy = self.gateway.root / "policy.yaml"
        standard = (ROOT / "policies/standard.yaml").read_text()
        policy.write_text(standard.replace("approve: { by: [approvers] }", """approve:
      by: [approvers]
      undoable: 7d
      automatic: { who: { groups: [dba], kinds: [human] }, lint: clean,
        when: { table_rows: { at_most: 100000 }, authentication: { method: [scram-sha-256], max_age: 8h } } }""") + """
  - name: privacy-team-sees-people
    effect: unmask
    who: { groups: [privacy] }
    classes: ["*"]

budgets:
  - name: an-agents-hour
    who: { kinds: [agent] }
    per: agent
    every: 1h
    statements: 2000
    rows_changed: 200
    ask: the group approvers
""")
        self.cli("policy", "save", str(policy), "--comment", "the privacy team sees people; clean migrations of DBAs need nobody")

    def play(self):
        say("Alice, a developer, reads and is answered. She has no database password, only her own.")
        done = self.psql("alice", "SELECT id, given_name, city, loyalty_points FROM customers ORDER BY id LIMIT 3")
        self.expect("three customers came back", "(3 rows)" in done.stdout)

        say("Nobody has said what is sensitive. The gateway has looked: what it found is masked for whom no rule shows it.")
        rows = "SELECT given_name, email, iban, birth_date, loyalty_points FROM customers ORDER BY id LIMIT 3"
        truth = [line.split("|") for line in self.server.sql(rows, "orders")]
        done = self.psql("alice", rows)
        self.expect("Alice sees no name, address or account, and the points as they are",
                    "(3 rows)" in done.stdout and not any(value in done.stdout for row in truth for value in row[:4])
                    and all(row[4] in done.stdout for row in truth))
        done = self.psql("alice", "SELECT upper(email) FROM customers WHERE email LIKE '%a%'")
        self.expect("nor does she find them out by asking", "masked" in done.stderr and "HINT:" in done.stderr)
        self.let_privacy_team_see()
        done = self.psql("dora", rows)
        self.expect("Dora, of the privacy team, sees the same rows as they are",
                    all(value in done.stdout for row in truth for value in row))

        say("It is midnight, and an agent cleans up. In production.")
        done = self.psql("nightly-agent", "DELETE FROM payments")
        self.expect("the DELETE without WHERE was refused, with a reason and a hint",
                    "no-unbounded-writes" in done.stderr and "HINT:" in done.stderr)
        self.hold_and_reject()
        left = self.server.sql("SELECT count(*) FROM payments", "orders")[0]
        self.expect(f"all {left} payments are still there", left == str(2 * CUSTOMERS))

        say("What names its rows goes through, as long as they are few: what a write changes is counted before it is kept.")
        done = self.psql("nightly-agent", "UPDATE orders SET status = 'returned' WHERE id = 42")
        self.expect("one order was updated", "UPDATE 1" in done.stdout)
        before = self.server.sql("SELECT count(*) FROM orders WHERE status = 'returned'", "orders")
        done = self.psql("nightly-agent", "UPDATE orders SET status = 'returned' WHERE id > 42")
        self.expect("the large one was undone", "undone" in done.stderr and "people-write-little" in done.stderr)
        self.expect("and left nothing behind",
                    self.server.sql("SELECT count(*) FROM orders WHERE status = 'returned'", "orders") == before)

        say("Somebody with the server's own password goes around the gateway.")
        print(paint(36, "$ psql (at the server) -c 'ALTER TABLE customers ADD COLUMN note text'"))
        self.server.sql("ALTER TABLE customers ADD COLUMN note text", "orders")
        drift = self.gateway.wait_for(lambda found: found, "--type", "schema_drift", seconds=30)
        print("\n".join(record["message"] for record in drift))
        self.expect("the change is on the record, and that nobody recorded made it",
                    any("customers.note" in record["message"] for record in drift))

        self.migrate()
        self.undo()

        say("In the morning: who did what?")
        done = self.cli("audit", "search", "--type", "statement", "--since", "1h")
        seen = {r["user"]: r for r in self.gateway.search("--type", "statement") if r["user"] in ("alice", "dora") and "iban" in r["text"]}
        print("\n".join(f"{user}: masked {record.get('masked', [])}, shown {record.get('released', [])}" for user, record in seen.items()))
        self.expect("what was masked for Alice is on the record, and what Dora saw by which rule",
                    any("public.customers.email email" in one for one in seen["alice"]["masked"])
                    and any("privacy-team-sees-people" in one for one in seen["dora"]["released"]))
        self.expect("the record names Alice's query, and the agent's refused ones with the rule",
                    all(word in done.stdout for word in ("alice", "nightly-agent", "no-unbounded-writes", "schema-changes-need-approval")))
        records = self.gateway.search("--decision", "denied")
        self.expect("three statements were denied: Alice's guess, and two of the agent's",
                    [r["user"] for r in records] == ["alice", "nightly-agent", "nightly-agent"])

        self.show_evidence(truth[0][1])

        say("What would stricter rules have said to all of this?")
        done = self.cli("policy", "replay", "--policy", "strict", "--since", "1h")
        self.expect("the agent's one small UPDATE would not have passed",
                    any("nightly-agent" in line and "id = 42" in line for line in done.stdout.splitlines()))

        self.leave_for_the_browser()

    def hold_and_reject(self):
        """The agent's psql waits; a person looks at what it wants, and says no."""
        say("It tries a schema change. Its statement waits at the gateway, and Erin is asked.")
        waiting = []
        psql = threading.Thread(target=lambda: waiting.append(self.psql("nightly-agent", "DROP TABLE support_notes CASCADE")))
        psql.start()
        while '"waiting"' not in self.gateway.cli("approval", "list", "--state", "waiting", "-o", "json").stdout:
            psql.join(0.1)
            if not psql.is_alive():
                break
        done = self.cli("approval", "show", "1")
        self.expect("she sees what would run, what it does and who asks",
                    "DROP TABLE support_notes CASCADE" in done.stdout and 'agent "nightly-agent"' in done.stdout)
        print(paint(36, "$ sluice approval reject 1 --user erin --comment 'not at midnight'"))
        done = self.gateway.cli("approval", "reject", "1", "--user", "erin", "--password-stdin", "--comment", "not at midnight",
                                input=PASSWORD + "\n", check=False)
        print((done.stdout + done.stderr).rstrip(), flush=True)
        psql.join(30)
        self.expect("the agent is told, by whom it was refused and why",
                    not psql.is_alive() and "not at midnight" in waiting[0].stderr)
        self.expect("the table is still there", self.server.sql("SELECT to_regclass('support_notes') IS NOT NULL", "orders") == ["t"])

    def migrate(self):
        say("Dan, a DBA, makes a change that lint has nothing to say against. Nobody has to be woken for it.")
        done = self.psql("dan", "SET lock_timeout = '2s'; ALTER TABLE orders ADD COLUMN gift_note text")
        self.expect("it ran at once", "ALTER TABLE" in done.stdout)
        done = self.cli("approval", "explain", "2")
        self.expect("and what was looked at is kept", "approved automatically" in done.stdout and "lint: nothing worse" in done.stdout)
        done = self.cli("audit", "history", "orders", "--since", "1h")
        self.expect("who approved it is in the table's history", "2 automatically" in done.stdout)

    def undo(self):
        say("He also drops a table that nobody needs. Erin approves it, and she is wrong.")
        rows = self.server.sql("SELECT count(*), sum(length(t::text)) FROM support_notes t", "orders")
        psql = threading.Thread(target=lambda: self.psql("dan", "DROP TABLE support_notes"))
        psql.start()
        while '"waiting"' not in self.gateway.cli("approval", "list", "--state", "waiting", "-o", "json").stdout and psql.is_alive():
            psql.join(0.1)
        erin = ("--user", "erin", "--password-stdin")
        for what in (("approve", "3"), ("undo", "3")):
            print(paint(36, f"$ sluice approval {' '.join(what)} --user erin"))
            done = self.gateway.cli("approval", *what, *erin, input=PASSWORD + "\n", check=False)
            print((done.stdout + done.stderr).rstrip(), flush=True)
            psql.join(30)
            if what[0] == "approve":
                self.expect("the table is gone", self.server.sql("SELECT to_regclass('support_notes') IS NULL", "orders") == ["t"])
        self.expect("it is back, with every row",
                    self.server.sql("SELECT count(*), sum(length(t::text)) FROM support_notes t", "orders") == rows)
        look = ("audit", "history", "support_notes", "--since", "1h")
        deadline = time.time() + 5  # the index is a moment behind the log
        while "undone by erin" not in self.gateway.cli(*look).stdout and time.time() < deadline:
            time.sleep(0.1)
        done = self.cli(*look)
        self.expect("and the table's history says who approved that it was dropped, and who took it back",
                    re.search(r"3 by erin +DROP TABLE", done.stdout) is not None and "undone by erin" in done.stdout)

    def leave_for_the_browser(self):
        """For who opens the console: an agent's run with what it was asked, and a change that waits for Erin."""
        say("The agent says what it was asked, and its statements stand on the record beside those words.")
        token = known_token(self.gateway, "--user", "nightly-agent", "--scope", "mcp")
        asked = {"text": "Which orders of customer 7 are still open? Cancel those older than a year.", "run": "tidy-orders", "model": "example-1"}
        named = ask(self.gateway, "POST", "/agents/prompts", asked, token=token).json["prompt"]
        done = self.gateway.psql(
            "-c", "SET sluice.run = 'tidy-orders'", "-c", f"SET sluice.prompt = '{named}'",
            "-c", "SELECT id, status, total FROM orders WHERE customer_id = 7 ORDER BY id",
            "-c", "UPDATE orders SET status = 'cancelled' WHERE customer_id = 7 AND ordered_at < now() - interval '1 year'", user="nightly-agent")
        self.expect("it ran", done.returncode == 0)
        done = self.cli("agent", "run", "tidy-orders")
        self.expect("its statements hang from the prompt, with the columns and rows", "returned public.orders.id" in done.stdout)
        self.expect("and the prompt is kept", asked["text"] in self.cli("agent", "prompt", named).stdout)

        say("Alice submits a change. It waits for Erin, who may look at it in the console.")
        script = self.gateway.root / "gift-wrap.sql"
        script.write_text("ALTER TABLE orders ADD COLUMN gift_wrap text;\n")
        done = self.gateway.cli("change", "submit", str(script), "--on", "orders", "--title", "Gift wrapping",
                                "--reason", "the shop sells it from Monday on", "--user", "alice", "--password-stdin",
                                input=PASSWORD + "\n", check=False)
        print((done.stdout + done.stderr).rstrip(), flush=True)
        self.expect("it waits", "waiting" in self.cli("approval", "list", "--state", "waiting").stdout)

    def show_evidence(self, email):
        say("A customer asks: who has seen my data?")
        self.email = email
        done = self.cli("audit", "who-saw", email)
        self.expect("Dora has, and Alice only masked", "dora" in done.stdout and "alice" not in done.stdout
                    and "alice" in self.cli("audit", "who-saw", email, "--masked-too").stdout)

        say("Alice takes a receipt of what she ran, and somebody else checks it with the public key alone.")
        outside = self.gateway.root / "outside"
        outside.mkdir()
        (outside / "key.pub").write_text(self.cli("audit", "key").stdout)
        shown = self.gateway.psql("-At", "-c", "SELECT count(*) FROM orders", "-c", "SHOW sluice.receipt", user="alice")
        (outside / "alice.tlog-proof").write_text(shown.stdout.split("\n", 1)[1].removesuffix("\n"))
        done = self.cli("audit", "verify", "--receipt", str(outside / "alice.tlog-proof"), "--public-key", str(outside / "key.pub"))
        self.expect("it holds", done.returncode == 0 and "SELECT count(*) FROM orders" in done.stdout)

        say("Somebody with root changes one byte of a copy of the log.")
        copy = outside / "audit"
        shutil.copytree(self.gateway.root / "state/audit", copy)
        segment = next(file for file in (copy / "log").iterdir() if b"DROP TABLE support_notes" in file.read_bytes())
        segment.write_bytes(segment.read_bytes().replace(b"DROP TABLE support_notes", b"DROP TABLE support_votes", 1))
        done = self.cli("audit", "verify", "--log", str(copy), "--public-key", str(outside / "key.pub"))
        found = re.search(r"^damaged record (\d+), .* byte \d+", done.stdout, re.M)
        self.expect("it is found, and where", done.returncode == 1 and found is not None)
        self.expect("that is the record which Sluice has of it",
                    "DROP TABLE support_notes" in self.cli("audit", "show", found[1]).stdout)
        done = self.cli("audit", "verify", "--public-key", str(outside / "key.pub"))
        self.expect("the log itself is as it was written", done.returncode == 0)


def stay_up(gateway, email):
    say("The gateway stays up. Try it (password of everybody: " + PASSWORD + "):")
    print(f"""
  In a browser: http://127.0.0.1:{gateway.http}/
    1. Log in as erin. Alice's change waits for her: look at it, and approve it.
    2. Log in as alice (log out at the lower left). Under Changes, run what was approved.
    3. Log in as dora. Under Who saw, ask for {email}.
    4. Log in as root, who runs all this, and look around.

  On the command line:

  psql "host=127.0.0.1 port={gateway.port} user=alice dbname=orders"
  psql "host=127.0.0.1 port={gateway.port} user=dora dbname=orders" -c 'TABLE customers LIMIT 5'
  psql "host=127.0.0.1 port={gateway.port} user=nightly-agent dbname=orders" -c 'TRUNCATE orders'

  export SLUICE_CONFIG={gateway.config}
  {SLUICE} approval list
  {SLUICE} audit tail
  {SLUICE} audit search --user alice --since 1h -o json
  {SLUICE} audit verify
  {SLUICE} session list
  {SLUICE} data list orders
  curl http://127.0.0.1:{gateway.http}/metrics

Ctrl-C stops and removes all of it.""", flush=True)
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    done.wait()


def main():
    once = sys.argv[1:] == ["--once"]
    if sys.argv[1:] and not once:
        print("usage: ./dev demo [--once]", file=sys.stderr)
        return 2
    server = gateway = None
    try:
        say("starting a private PostgreSQL 15 with sample data")
        server = PostgresServer()
        seed = subprocess.run(
            as_postgres(["psql", "-X", "-q", "-h", server.root, "-p", server.port, "-U", "postgres", "-d", "orders",
                         "-v", f"customers={CUSTOMERS}", "-f", "-"]),
            stdin=open(pathlib.Path(__file__).parent / "seed.sql"))
        if seed.returncode != 0:
            return 1
        say("starting the gateway in front of it")
        gateway = Gateway(server, start=False, masking=True, extra="api: { admins: [platform], auditors: [privacy] }")
        gateway.cli("user", "add", "dora", "--group", "privacy", "--password-stdin", input=PASSWORD + "\n")
        for name, group in (("erin", "approvers"), ("dan", "dba"), ("root", "platform")):
            gateway.cli("user", "add", name, "--group", group, "--password-stdin", input=PASSWORD + "\n")
        gateway.cli("user", "add", "nightly-agent", "--kind", "agent", "--group", "agents",
                    "--password-stdin", input=PASSWORD + "\n")
        gateway.start()
        story = Story(gateway, server)
        story.play()
        if story.failures:
            say(f"{story.failures} step(s) did not go as they should")
        if not once:
            stay_up(gateway, story.email)
        else:
            say("all as it should be" if story.failures == 0 else "not as it should be")
        return 1 if story.failures else 0
    except KeyboardInterrupt:
        return 130
    finally:
        say("stopping")
        if gateway:
            gateway.stop()
        if server:
            server.stop()


sys.exit(main())
