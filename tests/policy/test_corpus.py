"""Plays every case of corpus/*.test through a gateway in production with the default policy (README.md).

A case that must be refused has to end in an error, leave server and data as they were, give away nothing and be on
the record. One that must be allowed has to be answered byte for byte as by a direct connection, and do the same."""

import dataclasses
import pathlib
import subprocess
import time

import pytest
from case_file import expand, read_corpus
from harness.gateway import PASSWORD, Gateway
from harness.postgres import SERVER_PASSWORD, PostgresServer, as_postgres
from harness.wire import WireClient, query
from play import comparable, errors, play, readable
from server_state import Connection, DatabaseState, difference

FOLDER = pathlib.Path(__file__).resolve().parent
USERS = {"human": "alice", "agent": "robot", "service": "nightly"}
CANARY = b"canary"  # what no refused statement may give away: file contents, password verifiers
CASES = read_corpus(FOLDER / "corpus")
RUNS = [pytest.param(case, kind, id=f"{case.file[:-5]}: {case.name} [{kind}]") for case in CASES for kind in case.kinds]


@dataclasses.dataclass
class Outcome:
    application: str
    prelude: list  # answers
    answers: list
    direct_prelude: list  # the same, of a direct connection; allowed cases only
    direct: list
    changed: list  # of what server_state watches: refused: against before; allowed: against the direct run
    before_close: list = dataclasses.field(default_factory=list)


class Rig:
    """A server with two equal databases, one behind the gateway and one for direct connections."""

    def __init__(self):
        self.server = PostgresServer(settings=["autovacuum = off", "max_prepared_transactions = 10"])
        (self.server.data / "secret.txt").write_text("canary: nobody may read this\n")
        subprocess.run(["psql", "-XAtq", "-h", self.server.root, "-p", str(self.server.port), "-U", "postgres", "-d", "orders",
                        "-v", "ON_ERROR_STOP=1", "-f", FOLDER / "setup.sql"], check=True)
        key = "canary" + "A" * 37 + "="
        self.server.sql(f"CREATE ROLE canary NOLOGIN PASSWORD 'SCRAM-SHA-256$4096:Y2FuYXJ5${key}:{key}'")
        self.server.sql("ALTER DATABASE orders RENAME TO original")
        self.victim = Connection(self.server, "postgres", "victim")
        self.gateway = None
        self.make()

    def make(self):
        """Fresh databases and a gateway that knows them."""
        for name in ("orders", "direct"):
            # Copies have the same OIDs.
            self.server.sql(f"CREATE DATABASE {name} TEMPLATE original")
        if self.gateway is None:
            self.gateway = Gateway(self.server, start=False)
            for kind in ("agent", "service"):
                user = ("user", "add", USERS[kind], "--group", "engineering", "--password-stdin")
                if self.gateway.cli(*user, "--kind", kind, input=PASSWORD + "\n", check=False).returncode != 0:
                    self.gateway.cli(*user, input=PASSWORD + "\n")
        self.gateway.start()
        self.state = DatabaseState(self.server, "orders")
        self.twin = DatabaseState(self.server, "direct")

    def remake(self):
        """After a hole: everything as at the start."""
        for state in (self.state, self.twin):
            state.close()
        self.gateway.process.terminate()
        self.gateway.process.wait(timeout=60)
        self.server.sql("ALTER SYSTEM RESET ALL")
        self.server.sql("SELECT pg_reload_conf()")
        for name in ("orders", "direct"):
            self.server.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        for slot in self.server.sql("SELECT slot_name FROM pg_replication_slots"):
            self.server.sql(f"SELECT pg_drop_replication_slot('{slot}')")
        for role in self.server.sql("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' AND rolname NOT IN "
                                    "('postgres', 'sluice', 'canary')"):
            self.server.sql(f'DROP ROLE "{role}"')
        for file in self.server.root.glob("out*"):
            file.unlink()
        try:
            self.victim.rows("SELECT 1")
        except (OSError, EOFError, RuntimeError):
            self.victim = Connection(self.server, "postgres", "victim")
        self.make()

    def connect(self, kind, application):
        client = WireClient(self.gateway.port, timeout=20)
        assert client.login(user=USERS[kind], application_name=application)[-1][0] == b"Z"
        return client

    def connect_directly(self, application):
        client = WireClient(self.server.port, timeout=20)
        assert client.login(user="sluice", password=SERVER_PASSWORD, database="direct",
                            application_name=application)[-1][0] == b"Z"
        return client

    def stop(self):
        code = self.gateway.stop()
        self.server.stop()
        return code


def run_prelude(client, case):
    return [comparable(*message) for text in case.prelude for message in client.run(query(text))]


def settled(state, expected):
    """The state, once what a closed session left open has ended."""
    for _ in range(20):
        now = state.now()
        if now == expected:
            break
        time.sleep(0.05)
    return now


def run_case(rig, case, kind, application):
    steps = [dataclasses.replace(step, text=expand(step.text, folder=rig.server.root, port=rig.server.port,
                                                   password=SERVER_PASSWORD)) for step in case.steps]
    outcome = Outcome(application, [], [], [], [], [])
    client = rig.connect(kind, application)
    outcome.prelude = run_prelude(client, case)
    before = rig.state.now()
    outcome.answers = play(client, steps)
    client.close()
    if case.refused:
        # Sequences move even when what moved them is rolled back.
        ignored = [key for key in before if key.startswith("sequence ")]
        outcome.changed = difference(*({k: v for k, v in s.items() if k not in ignored}
                                       for s in (before, settled(rig.state, before))))
    else:
        there = rig.connect_directly(application)
        outcome.direct_prelude = run_prelude(there, case)
        outcome.direct = play(there, steps)
        there.close()
        expected = rig.twin.now()
        outcome.changed = difference(expected, settled(rig.state, expected))
    if not (rig.state.restore_rows() and rig.twin.restore_rows()):
        rig.remake()
    return outcome


@pytest.fixture(scope="session")
def outcomes(request):
    """Plays the selected cases; then reads the records once."""
    wanted = [(item.callspec.params["case"], item.callspec.params["kind"]) for item in request.session.items
              if hasattr(item, "callspec") and "case" in item.callspec.params]
    rig = Rig()
    try:
        played = {}
        for number, (case, kind) in enumerate(wanted):
            try:
                played[id(case), kind] = run_case(rig, case, kind, f"case-{number}")
            except Exception as problem:  # noqa: BLE001: the next case still runs
                played[id(case), kind] = problem
                rig.remake()
        records = {}
        for record in rig.gateway.search("--type", "statement"):
            records.setdefault(record.get("application"), []).append(record)
    finally:
        code = rig.stop()
    assert code == 0, f"the gateway ended with {code}"
    return played, records


def check_refused(case, outcome, records):
    failed = errors(outcome.answers)
    stopped = [e for e in failed if e["C"] in case.sqlstates]
    assert not outcome.changed, f"not stopped: changed {', '.join(outcome.changed)}; answered {readable(outcome.answers)}"
    for kind, body in outcome.answers:
        assert CANARY not in body, f"given away: {readable([(kind, body)])}"
    assert stopped, f"no refusal: answered {readable(outcome.answers)}"
    refusals = [r for r in records if r["decision"] not in ("allowed", "skipped", "lost") or r.get("sqlstate") == "42501"]
    assert refusals, f"refused but not on the record: {[(r['decision'], r['text'][:60]) for r in records]}"
    if case.rule:
        assert case.rule in [r.get("rule") for r in refusals], f"refused by {[r.get('rule') for r in refusals]}"


def check_allowed(outcome, records):
    assert outcome.prelude == outcome.direct_prelude, \
        f"prelude: {readable(outcome.prelude)}; direct: {readable(outcome.direct_prelude)}"
    assert outcome.answers == outcome.direct, f"{readable(outcome.answers)}; direct: {readable(outcome.direct)}"
    assert not outcome.changed, f"the same answer, but other effects: {', '.join(outcome.changed)}"
    assert all(r["decision"] in ("allowed", "skipped") for r in records), [(r["decision"], r.get("rule")) for r in records]


@pytest.mark.parametrize("case, kind", RUNS)
def test_case(outcomes, case, kind):
    outcome = outcomes[0][id(case), kind]
    if isinstance(outcome, Exception):
        raise outcome
    records = outcomes[1].get(outcome.application, [])
    assert not errors(outcome.prelude), f"the prelude failed: {readable(outcome.prelude)}"
    if case.refused:
        check_refused(case, outcome, records)
    else:
        check_allowed(outcome, records)


def test_corpus_is_large_enough():
    assert sum(case.refused for case in CASES) >= 150
    assert sum(not case.refused for case in CASES) >= 150
