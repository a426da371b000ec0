"""A change of the policy decides on the next statement of every open session, and a file that cannot be taken changes nothing."""

import os
import subprocess
import time

import pytest
from harness.gateway import SLUICE, Gateway
from harness.wire import SYNC, WireClient, bind, error_fields, execute, kinds, parse, query

FREE = "rules:\n  - { name: all, effect: allow }\n  - { name: code, effect: allow, do: [function], on: { functions: ['public.*'] } }\n"
NO_STOCK = FREE + "  - { name: no-stock, effect: deny, do: [read], on: { tables: [public.stock] } }\n"
FIVE = FREE.replace("name: all, effect: allow", "name: all, effect: allow, limit: { rows: 5 }")


class Reloading:
    def __init__(self, gateway, policy):
        self.gateway, self.policy = gateway, policy

    def said(self, words, seconds=10):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if words in self.gateway.log.read_text()[self.before:]:
                return True
            time.sleep(0.05)
        return False

    def now(self):
        self.before = len(self.gateway.log.read_text())

    def put(self, text, words="policy reloaded"):
        self.now()
        if self.policy.exists() and self.policy.read_text() == text:
            return
        self.policy.write_text(text)
        assert self.said(words), self.gateway.log.read_text()[self.before:]


@pytest.fixture(scope="module")
def running(server, tmp_path_factory):
    server.sql("DROP TABLE IF EXISTS stock; CREATE TABLE stock AS SELECT i AS id FROM generate_series(1, 100) i;"
               "CREATE OR REPLACE FUNCTION may_open() RETURNS int LANGUAGE sql AS 'SELECT 1'", "orders")
    policy = tmp_path_factory.mktemp("policy") / "policy.yaml"
    policy.write_text(FREE)
    gateway = Gateway(server, extra=f"policy: {{ file: {policy} }}")
    yield Reloading(gateway, policy)
    assert gateway.stop() == 0


@pytest.fixture
def client(running):
    running.put(FREE)
    wire = WireClient(running.gateway.port)
    assert wire.login()[-1][0] == b"Z"
    yield wire
    wire.close()


def refused_by(messages):
    return [error_fields(body)["M"] for kind, body in messages if kind == b"E"]


def test_an_open_portal_is_decided_on_anew(running, client):
    client.run(query("BEGIN"))
    assert kinds(client.run(parse("SELECT id FROM stock") + bind(portal="p") + execute("p", 3) + SYNC)) == "12DDDsZ"
    running.put(NO_STOCK)
    [why] = refused_by(client.run(execute("p", 3) + SYNC))
    assert "no-stock" in why


def test_an_open_portal_comes_under_the_new_limit(running, client):
    client.run(query("BEGIN"))
    client.run(parse("SELECT id FROM stock") + bind(portal="p") + execute("p", 4) + SYNC)
    running.put(FIVE)
    answer = client.run(execute("p", 4) + SYNC)
    assert kinds(answer).count("D") <= 1 and "5 rows" in refused_by(answer)[0]


@pytest.mark.parametrize("declare, end", [("BEGIN; DECLARE c CURSOR", "COMMIT"), ("DECLARE c CURSOR WITH HOLD", "SELECT 1")])
@pytest.mark.parametrize("take", [query("FETCH 3 FROM c"), execute("c", 3) + SYNC, parse("FETCH 3 FROM c") + bind() + execute() + SYNC])
def test_a_cursor_is_decided_on_anew(running, client, declare, end, take):
    client.run(query(f"{declare} FOR SELECT id FROM stock"))
    assert kinds(client.run(query("FETCH 3 FROM c"))) == "TDDDCZ"
    running.put(NO_STOCK)
    answer = client.run(take)
    assert "D" not in kinds(answer) and "no-stock" in refused_by(answer)[0], answer
    client.run(query("ROLLBACK"))


def test_a_cursor_comes_under_the_new_limit(running, client):
    client.run(query("BEGIN; DECLARE c CURSOR FOR SELECT id FROM stock"))
    client.run(query("FETCH 4 FROM c"))
    running.put(FIVE)
    answer = client.run(query("FETCH 4 FROM c"))
    assert kinds(answer).count("D") <= 1 and "5 rows" in refused_by(answer)[0], answer


def test_a_cursor_goes_on_under_a_policy_that_allows_it(running, client):
    client.run(query("BEGIN; DECLARE c CURSOR FOR SELECT id FROM stock"))
    running.put(FREE + "  - { name: no-drops, effect: deny, do: [drop] }\n")
    assert kinds(client.run(query("FETCH 3 FROM c"))) == "TDDDCZ"


def test_a_cursor_that_code_may_have_opened_is_opened_anew(running, client):
    client.run(query("BEGIN"))
    assert kinds(client.run(query("SELECT may_open()"))) == "TDCZ"
    running.put(NO_STOCK)
    [why] = refused_by(client.run(query("FETCH 3 FROM theirs")))
    assert "policy has changed" in why, why
    client.run(query("ROLLBACK"))
    assert kinds(client.run(query("SELECT 1"))) == "TDCZ"


BAD = {
    "pipe": lambda file: os.mkfifo(file),
    "folder": lambda file: file.mkdir(),
    "gone": lambda file: None,
    "binary": lambda file: file.write_bytes(b"rules:\n\xff\n"),
    "deep": lambda file: file.write_text("rules: " + "[" * 50_000),
    "huge": lambda file: file.write_text("#" * 2_000_000),
    "endless": lambda file: file.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_taken_changes_nothing_and_is_told(running, client, kind):
    running.put(NO_STOCK)
    running.now()
    running.policy.unlink()
    BAD[kind](running.policy)
    try:
        assert running.said("policy not reloaded, the old one stays"), running.gateway.log.read_text()[running.before:]
        assert "no-stock" in refused_by(client.run(query("SELECT id FROM stock")))[0]
        assert "no-stock" in running.gateway.cli("policy", "show").stdout
    finally:
        if running.policy.is_dir():
            running.policy.rmdir()
        else:
            running.policy.unlink(missing_ok=True)
        running.policy.write_text(NO_STOCK)


def test_a_file_that_is_moved_into_its_place_is_taken_whatever_its_age(running, client):
    running.put(NO_STOCK)
    other = running.policy.with_name("other.yaml")
    other.write_text(FREE)
    written = running.policy.stat()
    os.utime(other, ns=(written.st_atime_ns, written.st_mtime_ns))
    running.now()
    other.rename(running.policy)
    assert running.said("policy reloaded")


def test_the_command_line_reads_no_device_without_end():
    done = subprocess.run([SLUICE, "policy", "check", "/dev/zero"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and "larger than" in done.stderr
