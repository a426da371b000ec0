"""The lines of docs/api.md, as they stand there."""

import pathlib
import re
import subprocess
import threading

import pytest
from client import ask
from harness.gateway import PASSWORD, Gateway

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs/api.md"
POLICY = """
rules:
  - { name: all, effect: allow }
  - { name: drops-wait, effect: hold, do: [drop], approve: { by: [dba], wait: 0s } }
"""
SECTION = DOCS.read_text().split("## Six usual things")[1].split("\n## ")[0]
TASKS = dict(zip(re.findall(r"^\*\*(.+?)\.\*\*", SECTION, re.M), re.findall(r"```sh\n(.*?)```", SECTION, re.S)))

EXPECTED = {
    "Log in": r'"user": "alice".*"kind": "human".*"member"',
    "Run a statement": r'\[\["1"\]\]\n\d+\n',
    "Approve what waits": r'^\d+ alice: DROP TABLE old\n.*"tables": \[.*"approved"\n$',
    "Add a service and its token": r'^"ci"\n.*"expires": "20',
    "Add a database": r'^dns\n.*nowhere.invalid',
    "Follow the audit trail": r'"text":"SELECT \'followed\'.*"text":.*\n"[^"]+"\n"[^"]+"\n"[^"]+"\n$',
}


@pytest.fixture(scope="module")
def gateway(server):
    server.sql("DROP TABLE IF EXISTS old; CREATE TABLE old (id int); ALTER TABLE old OWNER TO sluice", database="orders")
    running = Gateway(server, start=False)
    (running.root / "policy.yaml").write_text(POLICY)
    running.write_config(server, extra=f"policy: {{ file: {running.root}/policy.yaml }}\napi: {{ admins: [platform] }}")
    for name, group in (("root", "platform"), ("dora", "dba")):
        running.cli("user", "add", name, "--group", group, "--password-stdin", input=PASSWORD + "\n")
    running.start()
    yield running
    assert running.stop() == 0


def test_the_lines_of_the_documentation(gateway):
    assert set(TASKS) == set(EXPECTED)

    def secret(user):
        return ask(gateway, "POST", "/login", {"user": user, "password": PASSWORD}).json["secret"]

    setup = f"set -eu -o pipefail\nAPI=http://127.0.0.1:{gateway.http}/api/v1\n" + "".join(
        f"{name}={secret(user)}\n" for name, user in (("TOKEN", "alice"), ("APPROVER", "dora"), ("ADMIN", "root")))
    done = threading.Event()

    def work():
        token = secret("alice")
        while not done.wait(0.2):
            ask(gateway, "POST", "/query", {"database": "orders", "sql": "SELECT 'followed'"}, token)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for task, lines in TASKS.items():
            # curl ends what has no end with 28.
            lines = re.sub(r"^(.*--max-time.*)$", r"\1 || true", lines, flags=re.M)
            ran = subprocess.run(["bash", "-c", setup + lines], capture_output=True, text=True, timeout=60)
            assert ran.returncode == 0, (task, ran.stdout, ran.stderr)
            assert re.search(EXPECTED[task], ran.stdout, re.S), (task, ran.stdout)
    finally:
        done.set()
        worker.join()
