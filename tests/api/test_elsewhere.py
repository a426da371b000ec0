"""The command line on a machine that is not the gateway's: everything over HTTP, as somebody."""

import json
import os
import subprocess

import psycopg2
import pytest
from client import ask, known_token
from harness.gateway import PASSWORD, SLUICE, Gateway


@pytest.fixture(scope="module")
def gateway(server):
    server.sql("DROP TABLE IF EXISTS things; CREATE TABLE things (id int, email text); "
               "INSERT INTO things VALUES (1, 'someone@example.com'); ALTER TABLE things OWNER TO sluice", database="orders")
    running = Gateway(server, start=False)
    running.write_config(server, extra="api: { admins: [platform], auditors: [security] }")
    running.cli("user", "add", "ops", "--kind", "service", "--group", "platform", "--no-password")
    running.cli("user", "add", "watcher", "--kind", "service", "--group", "security", "--no-password")
    running.start()
    yield running
    running.stop()


class Elsewhere:
    def __init__(self, gateway, user, home):
        token = known_token(gateway, "--user", user, "--scope", "api")
        self.env = {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home),
                    "SLUICE_GATEWAY": f"http://127.0.0.1:{gateway.http}", "SLUICE_TOKEN": token}
        self.env.pop("SLUICE_CONFIG", None)

    def __call__(self, *words, input=None, ok=True):
        done = subprocess.run([SLUICE, *words], env=self.env, input=input, text=True, capture_output=True, timeout=60)
        assert not ok or done.returncode == 0, done.stderr
        return done

    def rows(self, *words):
        return json.loads(self(*words, "-o", "json").stdout)


@pytest.fixture()
def ops(gateway, tmp_path):
    return Elsewhere(gateway, "ops", tmp_path)


def test_users_and_tokens(gateway, ops):
    ops("user", "add", "zoe", "--group", "engineering", "--attribute", "team=data", "--password-stdin", input=PASSWORD + "\n")
    (zoe,) = [user for user in ops.rows("user", "list") if user["name"] == "zoe"]
    assert zoe["groups"] == ["engineering"] and zoe["attributes"] == ["team=data"] and zoe["enabled"] is True
    assert gateway.psql("-Atc", "SELECT 1", user="zoe").stdout == "1\n"
    ops("user", "set", "zoe", "--group", "sales")
    ops("user", "disable", "zoe")
    (zoe,) = [user for user in ops.rows("user", "list") if user["name"] == "zoe"]
    assert zoe["groups"] == ["sales"] and zoe["enabled"] is False
    assert gateway.psql("-Atc", "SELECT 1", user="zoe").returncode != 0
    ops("user", "enable", "zoe")
    ops("user", "add", "job", "--kind", "service", "--no-password")
    made = ops("token", "create", "--user", "job", "--for", "1h", "--label", "nightly", "--scope", "api")
    token = made.stdout.strip()
    assert ask(gateway, "GET", "/session", token=token).json["user"] == "job"
    (row,) = ops.rows("token", "list", "--user", "job")
    assert row["label"] == "nightly" and row["user"] == "job"
    ops("token", "revoke", row["id"])
    assert ask(gateway, "GET", "/session", token=token).status == 401
    again = ops("token", "revoke", row["id"], ok=False)
    assert again.returncode != 0 and "no live credential" in again.stderr
    for name in ("zoe", "job"):
        ops("user", "remove", name)
    assert not {"zoe", "job"} & {user["name"] for user in ops.rows("user", "list")}
    refused = ops("user", "remove", "zoe", ok=False)
    assert refused.returncode != 0 and "zoe" in refused.stderr


def test_all_that_somebody_has_is_revoked_the_login_in_use_last(gateway, tmp_path):
    gateway.cli("user", "add", "boss", "--group", "platform", "--password-stdin", input=PASSWORD + "\n")
    tokens = [known_token(gateway, "--user", "boss", "--scope", "api") for _ in range(2)]
    env = {**os.environ, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    env.pop("SLUICE_CONFIG", None)

    def boss(*words, input=None):
        return subprocess.run([SLUICE, *words], env=env, input=input, text=True, capture_output=True, timeout=60)

    # One login before and one behind the one that is used.
    later = ask(gateway, "POST", "/login", {"user": "boss", "password": PASSWORD}).json["secret"]
    done = boss("login", "--gateway", f"http://127.0.0.1:{gateway.http}/", "--user", "boss", "--password-stdin", input=PASSWORD + "\n")
    assert done.returncode == 0, done.stderr
    tokens += [later, ask(gateway, "POST", "/login", {"user": "boss", "password": PASSWORD}).json["secret"]]
    listed = boss("token", "list", "--user", "boss", "--all")
    assert listed.returncode == 2 and "at the gateway" in listed.stderr
    nobody = boss("token", "revoke", "--user", "martian")
    assert nobody.returncode == 3 and "no user martian" in nobody.stderr
    done = boss("token", "revoke", "--user", "boss")
    assert done.returncode == 0 and "5 credential(s) revoked" in done.stderr, done.stderr
    assert f'at http://127.0.0.1:{gateway.http} as "boss"' in done.stderr
    assert {ask(gateway, "GET", "/session", token=token).status for token in tokens} == {401}
    assert boss("user", "list").returncode == 1


def test_the_record(gateway, ops):
    gateway.psql("-c", "SELECT email FROM things WHERE id = 1")
    gateway.psql("-c", "UPDATE things SET id = 2 WHERE id = 1")
    gateway.wait_for(lambda records: len(records) >= 2, "--user", "alice", "--table", "things")
    found = ops.rows("audit", "search", "--user", "alice", "--table", "things")
    assert [record["kind"] for record in found] == ["SELECT", "UPDATE"]
    shown = ops.rows("audit", "show", str(found[0]["id"]))
    assert shown["text"] == "SELECT email FROM things WHERE id = 1"
    one = ops("audit", "search", "--user", "alice", "--table", "things", "--limit", "1", "-o", "csv")
    assert "more: --cursor" in one.stderr and len(one.stdout.splitlines()) == 2
    counts = ops.rows("audit", "search", "--table", "things", "--count-by", "kind")
    assert {row["kind"]: row["records"] for row in counts} == {"SELECT": 1, "UPDATE": 1}
    assert [row["kind"] for row in ops.rows("audit", "history", "things")] == ["UPDATE"]
    assert ops.rows("audit", "who-saw", "someone@example.com") is not None
    assert ops.rows("audit", "subjects", "--since", "1d") == []
    reads = gateway.wait_for(lambda records: records, "--type", "audit_read", "--user", "ops")
    assert reads, "who reads over HTTP is on the record by name"


def test_evidence_and_saved_searches(gateway, ops):
    gateway.psql("-c", "SELECT 7 AS evidence")
    (record,) = gateway.wait_for(lambda records: records, "--text", "evidence")
    receipt = ops("audit", "receipt", str(record["id"])).stdout
    key = ops("audit", "key").stdout
    assert key == gateway.cli("audit", "key").stdout
    checked = gateway.cli("audit", "verify", "--receipt", "-", "--public-key", key.strip(), "-o", "json", input=receipt)
    assert json.loads(checked.stdout)["text"] == "SELECT 7 AS evidence"
    assert ops("audit", "receipt", "999999", ok=False).returncode == 3
    ops("audit", "search", "--user", "alice", "--save", "alices")
    assert [row["name"] for row in ops.rows("audit", "searches")] == ["alices"]
    assert [row["name"] for row in json.loads(gateway.cli("audit", "searches", "-o", "json").stdout)] == ["alices"]
    ops("audit", "forget-search", "alices")
    assert ops.rows("audit", "searches") == [] and ops("audit", "forget-search", "alices", ok=False).returncode == 3


def test_legal_holds(gateway, ops):
    ops("audit", "hold", "add", "case 17", "--reason", "inquiry", "--user", "alice", "--since", "1h")
    (hold,) = ops.rows("audit", "hold", "list")
    assert hold["name"] == "case 17" and hold["query"].startswith("user=alice&since=20") and hold["author"] == "ops (over HTTP)", hold
    assert json.loads(gateway.cli("audit", "hold", "list", "-o", "json").stdout) == [hold]
    assert ops("audit", "hold", "add", "case 17", "--reason", "inquiry", ok=False).returncode == 4
    ops("audit", "hold", "release", "case 17", "--reason", "closed")
    assert ops.rows("audit", "hold", "list") == []
    assert ops("audit", "hold", "release", "case 17", "--reason", "closed", ok=False).returncode == 3
    said = [record["message"] for record in gateway.wait_for(lambda found: any("closed" in r["message"] for r in found), "--type", "admin")]
    assert any("legal hold" in message and "inquiry" in message for message in said), said


def test_tokens_for_scim(gateway, ops):
    made = json.loads(ops("scim", "token", "create", "--label", "Entra ID", "--for", "1h", "-o", "json").stdout)
    assert ask(gateway, "GET", "/scim/v2/Users", token=made["secret"], prefix="").status == 200
    (row,) = ops.rows("scim", "token", "list")
    assert row["id"] == made["id"] and row["label"] == "Entra ID" and row["state"] == "live"
    ops("user", "add", "comes-later", "--no-password")
    ops("scim", "adopt", "comes-later")
    assert ops("scim", "adopt", "nobody", ok=False).returncode == 3
    ops("scim", "token", "revoke", made["id"])
    assert ask(gateway, "GET", "/scim/v2/Users", token=made["secret"], prefix="").status == 401
    assert ops.rows("scim", "token", "list") == [] and len(ops.rows("scim", "token", "list", "--all")) == 1


def test_the_log_is_verified_and_exported_with_proofs(gateway, ops, tmp_path):
    gateway.psql("-c", "SELECT 8 AS exported")
    (record,) = gateway.wait_for(lambda records: records, "--text", "8 AS exported")
    assert json.loads(ops("audit", "verify", "-o", "json").stdout)["good"] is True
    assert "compared" in ops("audit", "verify").stdout
    (line,) = ops("audit", "export", "--text", "8 AS exported").stdout.splitlines()
    assert json.loads(line) == json.loads(gateway.cli("audit", "export", "--text", "8 AS exported").stdout)
    folder = tmp_path / "proofs"
    told = ops("audit", "export", "--user", "alice", "--limit", "3", "--proof", str(folder)).stderr
    assert "3 record(s) with proofs" in told and "left out more" in told, told
    key = (folder / "public-key").read_text().strip()
    receipt = (folder / "receipts" / f"{record['id']}.tlog-proof").read_text()
    checked = gateway.cli("audit", "verify", "--receipt", "-", "--public-key", key, "-o", "json", input=receipt)
    assert json.loads(checked.stdout)["text"] == "SELECT 8 AS exported"
    assert {path.name for path in folder.iterdir()} >= {"VERIFY.md", "verify.py", "checkpoint", "records.jsonl"}
    assert ops("audit", "export", "--proof", str(folder), ok=False).returncode == 4


def test_a_session_s_transcript(gateway, ops):
    gateway.psql("-c", "SELECT 9 AS told")
    (record,) = gateway.wait_for(lambda records: records, "--text", "9 AS told")
    session = str(record["session"])
    assert ops("audit", "transcript", session).stdout == gateway.cli("audit", "transcript", session).stdout
    assert ops("audit", "transcript", session, "-o", "json").stdout == gateway.cli("audit", "transcript", session, "-o", "json").stdout
    assert ops("audit", "transcript", "999999", ok=False).returncode == 3


def test_training_receipts(gateway, ops):
    connection = psycopg2.connect(gateway.dsn())
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SET sluice.purpose = 'training'")
        cursor.execute("SET sluice.dataset = 'churn'")
        cursor.execute("SELECT id, email FROM things")
        cursor.fetchall()
    connection.close()
    gateway.wait_for(lambda records: records, "--type", "provenance")
    (row,) = ops.rows("provenance", "list", "--dataset", "churn", "--since", "1h")
    assert ops.rows("provenance", "list", "--dataset", "other") == []
    here = gateway.cli("provenance", "show", row["id"], "-o", "json").stdout
    assert ops("provenance", "show", row["id"], "-o", "json").stdout == here
    lineage = ("provenance", "show", row["id"], "--openlineage")
    assert ops(*lineage).stdout == gateway.cli(*lineage).stdout
    exported = ops("provenance", "export", row["id"]).stdout
    key = ops("audit", "key").stdout.strip()
    assert json.loads(ops("provenance", "verify", "-", "--key", key, "-o", "json", input=exported).stdout)["verified_by"]
    for words in (("contains", "churn", "someone@example.com"), ("affected", "someone@example.com", "--since", "1h")):
        mine = json.loads(gateway.cli("provenance", *words, "-o", "json").stdout)
        assert ops.rows("provenance", *words) == mine, words
    assert ops("provenance", "contains", "nothing", "x@example.com", ok=False).returncode == 3
    assert ops("provenance", "show", "nothing", ok=False).returncode == 3


@pytest.mark.parametrize("words", [
    ("policy", "save", "standard", "--offline")],
    ids=lambda words: "-".join(words[:3]))
def test_what_works_at_the_state_alone_says_so(ops, words):
    done = ops(*words, ok=False)
    assert done.returncode == 2 and "at the gateway's own state alone, and no configuration is here" in done.stderr, done.stderr
    assert done.stdout == ""


def test_what_proves_who_somebody_is(gateway, ops):
    ops("user", "add", "lena", "--no-password")
    ops("user", "link", "lena", "--issuer", "https://login.example.com", "--subject", "4711")
    again = ops("user", "link", "lena", "--issuer", "https://other.example.com", "--subject", "1", ok=False)
    assert again.returncode == 1 and "vouches for user" in again.stderr, again.stderr
    gateway.cli("user", "link", "lena", "--issuer", "https://other.example.com", "--subject", "1")
    assert ops("user", "link", "nobody", "--issuer", "https://x.example.com", "--subject", "1", ok=False).returncode == 3
    made = json.loads(ops("user", "totp", "lena", "-o", "json").stdout)
    assert made["user"] == "lena" and made["uri"].startswith("otpauth://totp/")
    assert next(u for u in api_users(gateway, ops) if u["name"] == "lena")["one_time_codes"] is True
    ops("user", "totp", "lena", "--remove")
    assert next(u for u in api_users(gateway, ops) if u["name"] == "lena")["one_time_codes"] is False
    ops("user", "add", "shop", "--kind", "service", "--no-password")
    assert len(json.loads(ops("user", "assertion-key", "shop", "-o", "json").stdout)["key"]) > 20
    refused = ops("user", "assertion-key", "lena", ok=False)
    assert refused.returncode == 1 and "is no service" in refused.stderr
    ops("user", "assertion-key", "shop", "--remove")
    said = ("is subject", "one-time codes of user", "got an assertion key", "assertion key of")
    told = gateway.wait_for(lambda found: all(any(word in each["message"] for each in found) for word in said), "--type", "admin",
                            "--user", "ops (over HTTP)")
    assert [word for word in said if not any(word in each["message"] for each in told)] == []


def api_users(gateway, ops):
    return ask(gateway, "GET", "/users", token=ops.env["SLUICE_TOKEN"]).json


def test_the_tail_of_the_audit_trail(gateway, ops, tmp_path):
    tail = subprocess.Popen([SLUICE, "audit", "tail", "--type", "statement", "-o", "json"], env=ops.env, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        gateway.wait_for(lambda found: found, "--type", "audit_read", "--text", "followed")
        assert gateway.psql("-Atc", "SELECT 'followed from elsewhere'").returncode == 0
        assert "followed from elsewhere" in json.loads(tail.stdout.readline())["text"]
    finally:
        tail.terminate()
    assert tail.wait(20) == 0, tail.stderr.read()
    member = Elsewhere(gateway, "alice", tmp_path)
    refused = member("audit", "tail", ok=False)
    assert refused.returncode == 1 and "needs the role" in refused.stderr
    wrong = ops("audit", "tail", "--since", "soon", ok=False)
    assert wrong.returncode == 2, wrong.stderr


def test_checking_parts_of_the_log(gateway, ops, tmp_path):
    gateway.psql("-Atc", "SELECT 'to be checked'")
    record = gateway.wait_for(lambda found: found, "--text", "to be checked", "--type", "statement")[-1]["id"]
    kept = tmp_path / "checkpoint"
    ops("audit", "receipt", str(record))
    kept.write_text(subprocess.run(["curl", "-fsS", f"http://127.0.0.1:{gateway.http}/tlog/checkpoint"], text=True, capture_output=True).stdout)
    report = json.loads(ops("audit", "verify", "--range", "1-5", "--checkpoint", str(kept), "-o", "json").stdout)
    assert report["good"] and report["records"] <= 5, report
    assert json.loads(ops("audit", "verify", "--record", str(record), "-o", "json").stdout)["text"] == "SELECT 'to be checked'"
    (tmp_path / "receipt").write_text(ops("audit", "receipt", str(record)).stdout)
    assert "to be checked" in ops("audit", "verify", "--receipt", str(tmp_path / "receipt")).stdout
    kept.write_text("no checkpoint")
    assert ops("audit", "verify", "--checkpoint", str(kept), ok=False).returncode != 0
    for wrong in ({"first": -1}, {"first": 3, "last": 2}, {"checkpoints": "x"}, {"checkpoints": [1]}):
        assert ask(gateway, "POST", "/audit/verification", wrong, ops.env["SLUICE_TOKEN"]).status == 400, wrong


def test_erasing_records(gateway, ops):
    gateway.psql("-Atc", "SELECT 'to be erased from elsewhere'")
    record = gateway.wait_for(lambda found: found, "--text", "to be erased from elsewhere", "--type", "statement")[-1]
    erase = ("audit", "erase", "--records", str(record["id"]), "--reason", "request 7", "-o", "json")
    early = ops(*erase, ok=False)
    assert early.returncode == 5 and "still being written" in early.stderr, early.stderr
    (attempt,) = gateway.wait_for(lambda found: found, "--type", "evidence", "--since", "1h")[-1:]
    assert attempt["message"].startswith(f"refused to erase records {record['id']} to {record['id']}: "), attempt
    assert attempt["message"].endswith("; asked for: request 7, by ops (over HTTP)"), attempt
    gateway.process.terminate()
    assert gateway.process.wait(timeout=60) == 0
    gateway.start()
    told = json.loads(ops(*erase).stdout)
    assert told == {"erased": 1, "stayed": 0}
    assert gateway.search("--text", "to be erased from elsewhere", "--type", "statement") == []
    word = [each for each in gateway.search("--type", "evidence") if "request 7" in each["message"]][-1]
    assert word["message"].endswith("request 7, by ops (over HTTP)") and f"records {record['id']}" in word["message"], word
    assert ops("audit", "verify", "-o", "json").returncode == 0
    ops("audit", "hold", "add", "all", "--reason", "inquiry")
    held = ops("audit", "erase", "--records", str(record["id"] - 1), "--reason", "x", ok=False)
    assert held.returncode == 1 and "hold" in held.stderr, held.stderr
    ops("audit", "hold", "release", "all", "--reason", "closed")


def test_comparing_with_what_the_server_committed(gateway, server, ops):
    done = ops("audit", "reconcile", "orders", ok=False)
    assert done.returncode == 5 and "database orders: " in done.stderr, done.stderr
    assert ops("audit", "reconcile", "nothing", ok=False).returncode == 3
    none = ops("directory", "check", ok=False)
    assert none.returncode == 3 and "no directories" in none.stderr


def test_what_runs_and_what_decides(gateway, ops):
    assert [row["name"] for row in ops.rows("database", "list")] == ["orders"]
    (checked,) = ops.rows("database", "check", "orders")
    assert checked["ok"] is True and checked["server"].startswith("PostgreSQL")
    assert ops.rows("session", "list") == []
    assert "rules" in ops("policy", "show").stdout
    assert "deny" in ops("policy", "explain", "--user", "alice", "--database", "orders", "DELETE FROM things", ok=False).stdout
    found = ops("lint", "-", "--database", "orders", "-o", "json", input="ALTER TABLE things ADD COLUMN x int NOT NULL;", ok=False)
    assert json.loads(found.stdout)


def test_who_may_not_is_told_so(gateway, tmp_path):
    watcher = Elsewhere(gateway, "watcher", tmp_path)
    assert watcher.rows("audit", "search", "--limit", "1")
    refused = watcher("user", "disable", "alice", ok=False)
    assert refused.returncode != 0 and "needs the role admin" in refused.stderr


def test_nobody_without_a_login(tmp_path):
    env = {**os.environ, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    env.pop("SLUICE_CONFIG", None)
    done = subprocess.run([SLUICE, "user", "list"], env=env, text=True, capture_output=True, timeout=60)
    assert done.returncode != 0 and "sluice login" in done.stderr
