"""The relations, columns, functions, writes and bounds that the analyser finds are those that
PostgreSQL itself records for the same statement (truth.py says how it is asked, compare.py what may
differ and why). corpus/ has the statements, of the kinds that PostgreSQL's regression suite covers
but written for schema.sql; the suite itself is compared in test_regression_suite.py, where its SQL can be had.
"""

import collections

import corpus
import pytest
from compare import Comparison
from facts import Analyser
from flow import Flow
from generator import Generator, relations_of
from truth import Schema, Server

RANDOM_STATEMENTS = 300
SEED = 15


@pytest.fixture(scope="module")
def server(conninfo):
    asked = Server(conninfo)
    yield asked
    asked.close()


@pytest.fixture(scope="module")
def analyser(conninfo):
    asked = Analyser(conninfo)
    yield asked
    asked.close()


class Report:
    """Gathers the differences of many statements and shows them by statement."""

    def __init__(self):
        self.counts = collections.Counter()
        self.lines = []

    def compare(self, schema, statement, truth, facts):
        self.add(statement, Comparison(schema, statement, truth, facts, self.counts).differences)

    def add(self, statement, found):
        self.counts["statements"] += 1
        if statement.known:
            self.counts["known to differ" if found else "known to differ, but does not any more"] += 1
        elif found:
            self.lines.append(f"{statement.where}  {statement.sql}\n" + "".join(f"    {line}\n" for line in found))

    def check(self):
        print("\n".join(f"{count:6} {what}" for what, count in sorted(self.counts.items())))
        assert not self.lines, f"{len(self.lines)} of {self.counts['statements']} statements differ\n" + "\n".join(self.lines)


def test_the_corpus_is_understood_as_the_server_does(server, analyser):
    report, scope, refused = Report(), None, []
    for statement in corpus.read_all():
        truth = server.ask(statement)
        if truth.failed or truth.not_run:
            refused.append(f"{statement.where}  {truth.failed or truth.not_run}")
            continue
        if scope != statement.scope:
            scope, schema = statement.scope, Schema(server.session)
        report.compare(schema, statement, truth, analyser.ask(statement, schema))
    assert not refused, "the corpus is wrong:\n" + "\n".join(refused)
    report.check()
    enough = {"statements": 1000, "plan": 850, "locks after planning": 850, "locks after running": 1000, "columns": 850,
              "output": 600, "rows changed": 150, "writes": 250, "functions": 80, "without WHERE": 30}
    assert {what: report.counts[what] for what in enough if report.counts[what] < enough[what]} == {}


def test_values_flow_only_where_the_facts_say(server, analyser):
    server.enter("public", "", "")
    schema = Schema(server.session)
    generator = Generator(SEED + 1, relations_of(server.session))
    statements = [s for s in corpus.read_all() if not s.setup and not s.role]
    statements += [generator.statement(number) for number in range(RANDOM_STATEMENTS)]
    flow, report = Flow(server.session, schema), Report()
    server.scope = None
    for statement in statements:
        if not statement.sql.lstrip("(").startswith(("SELECT", "WITH", "TABLE", "VALUES")) or " INTO " in statement.sql:
            continue
        truth = server.ask(statement, run=False)
        if not truth.failed:
            tables = {oid for oid in truth.locks if schema.kind(oid) == "r"}
            report.add(statement, flow.misses(statement, tables, analyser.ask(statement, schema), report.counts))
    report.check()
    assert report.counts["columns changed, flows compared"] >= 2000


def test_random_statements_are_understood_as_the_server_does(server, analyser):
    server.enter("public", "", "")
    schema, report = Schema(server.session), Report()
    generator = Generator(SEED, relations_of(server.session))
    for number in range(2 * RANDOM_STATEMENTS):
        statement = generator.statement(number)
        truth = server.ask(statement, run=not statement.sql.startswith(("SELECT", "WITH")))
        if not truth.failed:
            report.compare(schema, statement, truth, analyser.ask(statement, schema))
        if report.counts["statements"] == RANDOM_STATEMENTS:
            break
    report.check()
    assert report.counts["statements"] == RANDOM_STATEMENTS
