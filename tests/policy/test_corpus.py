"""Plays every case of corpus/*.test through a gateway in production with the default policy (README.md).

A case that must be refused has to end in an error, leave server and data as they were, give away nothing and be on
the record. One that must be allowed has to be answered byte for byte as by a direct connection, and do the same."""

import dataclasses
import os
import pathlib
import shlex
import time

import pytest
from case_file import expand, read_corpus
from harness.postgres import SERVER_PASSWORD
from harness.wire import query
from play import comparable, errors, play, readable
from rig import Rig
from server_state import difference

FOLDER = pathlib.Path(__file__).resolve().parent
CANARY = b"canary"  # what no refused statement may give away: file contents, password verifiers
CASES = read_corpus(FOLDER / "corpus")
KNOWN = {line for line in (pathlib.Path(__file__).parent / "known.txt").read_text().splitlines() if not line.startswith("#")}


def name_of(case):
    return f"{case.file[:-5]}: {case.name}"


def marks_of(case):
    return [pytest.mark.xfail(strict=True, reason="known.txt")] if name_of(case) in KNOWN else []


RUNS = [pytest.param(case, kind, id=f"{name_of(case)} [{kind}]", marks=marks_of(case)) for case in CASES for kind in case.kinds]


@dataclasses.dataclass
class Outcome:
    application: str
    prelude: list  # answers
    answers: list
    direct_prelude: list  # the same, of a direct connection; allowed cases only
    direct: list
    changed: list  # of what server_state watches: refused: against before; allowed: against the direct run


def run_prelude(client, case):
    return [comparable(*message) for text in case.prelude for message in client.run(query(text))]


def settled(state, expected):
    """The state, once what a closed session left open has ended."""
    for _ in range(200):
        now = without_sequences(state.now())
        if now == expected:
            break
        time.sleep(0.05)
    return now


def without_sequences(state):
    """Sequences move even when what moved them is rolled back."""
    return {key: value for key, value in state.items() if not key.startswith("sequence ")}


def written_out(rig, case):
    def type_oid(name):
        return rig.state.connection.rows(f"SELECT pg_catalog.to_regtype('{name}')::pg_catalog.oid")[0][0]

    names = {"folder": rig.server.root, "port": rig.server.port, "password": SERVER_PASSWORD, "type_oid": type_oid}
    return [dataclasses.replace(step, text=expand(step.text, **names),
                                arguments=shlex.split(expand(step.arguments, **names))) for step in case.steps]


def run_case(rig, case, kind, application):
    steps = written_out(rig, case)
    outcome = Outcome(application, [], [], [], [], [])
    client, login = rig.connect(kind, application, case.startup)
    if login[-1][0] == b"Z":
        outcome.prelude = run_prelude(client, case)
        outcome.answers = play(client, steps)
    else:
        outcome.answers = login
    client.close()
    if case.refused:
        expected = without_sequences(rig.state.start)
    else:
        there, _ = rig.connect_directly(application, case.startup)
        outcome.direct_prelude = run_prelude(there, case)
        outcome.direct = play(there, steps)
        there.close()
        rig.twin.wait_until_gone(application)
        expected = without_sequences(rig.twin.now())
    outcome.changed = difference(expected, settled(rig.state, expected))
    if not (rig.state.restore_rows() and (case.refused or rig.twin.restore_rows())):
        rig.remake()
    return outcome


@pytest.fixture(scope="session")
def rig():
    made = Rig()
    yield made
    code = made.stop()
    assert code == 0, f"the gateway ended with {code}"


@pytest.fixture(scope="session")
def played():
    """The cases that have run: (name, case, outcome)."""
    return []


def check_refused(case, outcome):
    stopped = [e for e in errors(outcome.answers) if e["C"] in case.sqlstates]
    assert not outcome.changed, f"not stopped: changed {', '.join(outcome.changed)}; answered {readable(outcome.answers)}"
    for kind, body in outcome.answers:
        assert CANARY not in body, f"given away: {readable([(kind, body)])}"
    assert stopped, f"no refusal: answered {readable(outcome.answers)}"


def check_allowed(outcome):
    assert outcome.prelude == outcome.direct_prelude, \
        f"prelude: {readable(outcome.prelude)}; direct: {readable(outcome.direct_prelude)}"
    assert outcome.answers == outcome.direct, f"{readable(outcome.answers)}; direct: {readable(outcome.direct)}"
    assert not outcome.changed, f"the same answer, but other effects: {', '.join(outcome.changed)}"


@pytest.mark.parametrize("case, kind", RUNS)
def test_case(rig, played, request, case, kind):
    try:
        outcome = run_case(rig, case, kind, f"case-{len(played)}")
    except Exception:
        rig.remake()
        raise
    played.append((request.node.callspec.id, case, outcome))
    assert not errors(outcome.prelude), f"the prelude failed: {readable(outcome.prelude)}"
    if case.refused:
        check_refused(case, outcome)
    else:
        check_allowed(outcome)


def record_problem(case, records):
    """What is wrong with the records of one case; None if nothing is."""
    if not case.refused:
        return None if all(r["decision"] in ("allowed", "parsed", "skipped") for r in records) else "allowed, but recorded as refused"
    refusals = [r for r in records if r["decision"] not in ("allowed", "parsed", "skipped", "lost")
                or r.get("sqlstate") in case.sqlstates[1:]]
    if not refusals:
        return f"refused, but not on the record: {[(r['decision'], r['text'][:60]) for r in records]}"
    rules = [r.get("rule") for r in refusals]
    return f"refused by {rules}, not by {case.rule}" if case.rule and case.rule not in rules else None


def test_records(rig, played):
    """Every refusal of the cases before stands in the audit log, and nothing else does as one."""
    records = {}
    for record in rig.gateway.search("--type", "statement"):
        records.setdefault(record.get("application"), []).append(record)
    # A start-up that is refused before anybody has proved who they are runs no statement.
    logins = [outcome for _, case, outcome in played if case.refused and outcome.answers[-1][0] != b"Z"]
    problems = [f"{name}: {problem}" for name, case, outcome in played if name_of(case) not in KNOWN and outcome not in logins
                and (problem := record_problem(case, records.get(outcome.application, [])))]
    assert not problems, "\n".join(problems)


@pytest.mark.skipif("CORPUS_DIRECT" not in os.environ, reason="for authors of cases: slow")
@pytest.mark.parametrize("case", [case for case in CASES if case.refused],
                         ids=[f"{case.file[:-5]}: {case.name}" for case in CASES if case.refused])
def test_direct_attack_works(rig, case):
    """What a refused case asks for would have worked without the gateway, or it tests nothing."""
    client, _ = rig.connect_directly("attack", case.startup)
    prelude = run_prelude(client, case)
    answers = play(client, written_out(rig, case))
    client.close()
    changed = difference(rig.twin.start, rig.twin.now())
    if not rig.twin.restore_rows():
        rig.remake_twin()
    assert not errors(prelude), readable(prelude)
    assert changed or any(CANARY in body for _, body in answers) or not errors(answers), readable(answers)


def test_corpus_is_large_enough():
    assert sum(case.refused for case in CASES) >= 150
    assert sum(not case.refused for case in CASES) >= 150
