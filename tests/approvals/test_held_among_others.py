"""A held statement among others: in one text, in a pipeline, beside the end of the gateway; and rows that nobody may allow."""

import json
import signal
import threading
import time

import psycopg
import pytest
from holding import (Running, count, exists, fails, gateway, requests, run, server, sql, vote,  # noqa: F401
                     wait_for_request)

TOGETHER = "INSERT INTO other VALUES (1); DROP TABLE victim; INSERT INTO other VALUES (2)"


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_one_text_is_decided_on_as_a_whole(gateway, server, verdict):  # noqa: F811
    running = Running(gateway, TOGETHER)
    number = wait_for_request(gateway)
    shown = json.loads(gateway.cli("approval", "show", str(number), "-o", "json").stdout)
    assert shown["statement"] == TOGETHER and count(server, "other") == "0", "nothing of it has run"
    vote(gateway, verdict, number, "dora")
    running.join(5)
    assert not running.is_alive()
    if verdict == "approve":
        assert running.error is None and count(server, "other") == "2" and not exists(server, "victim")
    else:
        assert running.error.sqlstate == "42501" and count(server, "other") == "0" and exists(server, "victim")


def test_what_was_approved_in_one_text_is_not_for_a_part_of_it(gateway, server):  # noqa: F811
    together = "INSERT INTO other VALUES (1); DELETE FROM numbers WHERE i = 3"
    fails(gateway, together)
    vote(gateway, "approve", wait_for_request(gateway), "dora")
    for other in ("DELETE FROM numbers WHERE i = 3", together + "; DELETE FROM numbers WHERE i = 4", together + ";"):
        assert "not approved yet" in str(fails(gateway, other)), other
    assert count(server, "numbers") == "20" and count(server, "other") == "0"
    run(gateway, together)
    assert count(server, "numbers") == "19" and count(server, "other") == "1"


class Pipeline(threading.Thread):
    """Two of whose three statements are held by nobody; another one is behind its Sync."""

    def __init__(self, gateway):
        super().__init__(daemon=True)
        self.gateway, self.error, self.lasted = gateway, None, None
        self.start()

    def run(self):
        with psycopg.connect(self.gateway.dsn(), autocommit=True) as connection:
            began = time.monotonic()
            try:
                with connection.pipeline() as pipeline:
                    connection.execute("INSERT INTO other VALUES (%s)", (1,))
                    connection.execute("DROP TABLE victim")
                    connection.execute("INSERT INTO other VALUES (%s)", (2,))
                    pipeline.sync()
                    connection.execute("INSERT INTO other VALUES (%s)", (3,))
            except psycopg.Error as error:
                self.error = error
            self.lasted = time.monotonic() - began
            assert connection.execute("SELECT 7").fetchone() == (7,), "the session goes on"


def others(server):  # noqa: F811
    return sql(server, "SELECT * FROM other ORDER BY 1")


def test_approved_in_the_middle_of_a_pipeline(gateway, server):  # noqa: F811
    pipeline = Pipeline(gateway)
    vote(gateway, "approve", wait_for_request(gateway), "dora")
    pipeline.join(5)
    assert pipeline.error is None and others(server) == ["1", "2", "3"] and not exists(server, "victim")


def test_rejected_in_the_middle_of_a_pipeline(gateway, server):  # noqa: F811
    """As where the server itself refuses: what is before it is taken back, what is behind it up to the Sync is not run."""
    pipeline = Pipeline(gateway)
    vote(gateway, "reject", wait_for_request(gateway), "dora", "--comment", "not today")
    pipeline.join(5)
    assert pipeline.error.sqlstate == "42501" and "not today" in str(pipeline.error)
    assert exists(server, "victim") and set(others(server)) <= {"3"}


def test_a_pipeline_holds_its_locks_no_longer_than_a_transaction(gateway, server):  # noqa: F811
    pipeline = Pipeline(gateway)
    pipeline.join(15)
    assert "not approved yet" in str(pipeline.error) and 2 < pipeline.lasted < 10, pipeline.lasted
    assert exists(server, "victim") and set(others(server)) <= {"3"}


def test_the_end_of_the_gateway_while_statements_are_held(gateway, server):  # noqa: F811
    sql(server, "SET ROLE sluice; CREATE TABLE victim2 (id int)")
    held = [Running(gateway, "DROP TABLE victim"), Running(gateway, "DROP TABLE victim2", user="frank")]
    for _ in range(100):
        if len(requests(gateway, "--state", "waiting")) == 2:
            break
        time.sleep(0.05)
    numbers = {each["requester"]: each["number"] for each in requests(gateway, "--state", "waiting")}
    began = time.monotonic()
    gateway.signal(signal.SIGTERM)
    assert gateway.process.wait(timeout=60) == 0
    assert time.monotonic() - began < 15
    for each in held:
        each.join(5)
        assert not each.is_alive() and each.error is not None, "nobody waits for a gateway that is gone"
    gateway.start()
    assert {each["number"] for each in requests(gateway, "--state", "waiting")} == set(numbers.values())
    vote(gateway, "approve", numbers["alice"], "dora")
    time.sleep(0.7)
    assert exists(server, "victim") and exists(server, "victim2"), "nothing runs without its client"
    run(gateway, "DROP TABLE victim")
    assert not exists(server, "victim") and exists(server, "victim2")


@pytest.mark.parametrize("allowed,runs", [("99", False), ("5", True), ("2", False), ("0", False)])
def test_the_approver_allows_no_more_rows_than_the_rule(gateway, server, allowed, runs):  # noqa: F811
    """Of a rule with max_rows: 5."""
    for text, most in (("DELETE FROM numbers WHERE i <= 6", False), ("DELETE FROM numbers WHERE i <= 5", runs or allowed == "99")):
        fails(gateway, text)
        number = wait_for_request(gateway)
        vote(gateway, "approve", number, "dora", "--max-rows", allowed)
        shown = json.loads(gateway.cli("approval", "show", str(number), "-o", "json").stdout)
        assert shown["max_rows"] == min(5, int(allowed))
        if most:
            assert run(gateway, text) == 5 and count(server, "numbers") == "15"
        else:
            assert fails(gateway, text).sqlstate != "57014" and count(server, "numbers") == "20"
