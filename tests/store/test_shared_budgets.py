"""Budgets of gateways that share a store: what is used at one counts at the other, and nothing is used while that is not known."""

import json
import os
import signal
import threading
import time

import psycopg
import pytest
from harness.gateway import PASSWORD
from store import test_shared_store as shared
from store.test_shared_store import save, server, store  # noqa: F401

BOUND = 2.0
POLICY = """
rules:
  - { name: all, effect: allow }
budgets:
  - { name: shared, who: { users: [agent] }, per: agent, every: 31d, statements: 1000, ask: dora }
  - { name: a-run, who: { users: [runner] }, per: run, statements: 20 }
"""


@pytest.fixture
def agents(server, store, monkeypatch):  # noqa: F811
    monkeypatch.setattr(shared, "GRACE", 60)
    store.sql("DROP SCHEMA IF EXISTS sluice CASCADE", database="store")
    pair = one, two = shared.gateway_on(server, store), shared.gateway_on(server, store, add_alice=False)
    for name in ("agent", "runner"):
        one.cli("user", "add", name, "--kind", "agent", "--password-stdin", input=PASSWORD + "\n")
    save(one, POLICY)
    for gateway in pair:
        until(lambda: works(gateway, "SELECT 1"), 20)
        until(lambda: states(gateway), 20)
    yield one, two
    assert [one.stop(), two.stop()] == [0, 0]


def until(condition, bound):
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < bound, "not within the bound"
        time.sleep(0.05)


def connect(gateway, user="agent"):
    return psycopg.connect(gateway.dsn(user=user), autocommit=True)


def works(gateway, sql):
    try:
        with connect(gateway) as connection:
            connection.execute(sql)
            return True
    except psycopg.Error:
        return False


def states(gateway):
    return [s for s in json.loads(gateway.cli("agent", "budgets", "-o", "json").stdout) if s["budget"] == "shared"]


def used(gateway):
    return states(gateway)[0]["amounts"][0]["used"]


def test_what_is_used_at_one_counts_at_the_other(agents):
    one, two = agents
    with connect(one) as connection:
        for _ in range(100):
            connection.execute("SELECT 1")
    spent = used(one)
    assert spent >= 100
    until(lambda: used(two) >= spent, BOUND)
    with connect(two, "runner") as connection:
        connection.execute("SET sluice.run = 'both'")
        for _ in range(20):
            connection.execute("SELECT 1")
    # A run that the first has never heard of.
    time.sleep(BOUND)
    with connect(one, "runner") as connection:
        connection.execute("SET sluice.run = 'both'")
        with pytest.raises(psycopg.Error, match='budget "a-run".*20 of 20 statements'):
            connection.execute("SELECT 1")
    assert abs(used(one) - used(two)) <= 2


def test_Threat96_no_more_is_used_twice_than_in_one_interval(agents):
    """Two gateways that spend at once: each stops by the other's use, but for what was used since the last exchange."""
    done = [0, 0]
    rates = [0.0, 0.0]

    def spend(i):
        started = time.monotonic()
        with connect(agents[i]) as connection:
            try:
                while True:
                    connection.execute("SELECT 1")
                    done[i] += 1
                    time.sleep(0.004)
            except psycopg.Error as error:
                assert error.sqlstate == "53400" and "no room" in str(error), error
        rates[i] = done[i] / (time.monotonic() - started)

    before = used(agents[0])
    threads = [threading.Thread(target=spend, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = before + sum(done)
    assert 990 <= total <= 1000 + BOUND * sum(rates), (before, done, rates)
    assert total < 1600, "not twice the budget"
    for gateway in agents:
        until(lambda: not works(gateway, "SELECT 1"), BOUND)


def test_a_restart_forgets_nothing_of_either(agents):
    one, two = agents
    with connect(one) as connection:
        for _ in range(30):
            connection.execute("SELECT 1")
    until(lambda: used(two) >= used(one), BOUND)
    before = used(two)
    one.kill9()
    one.start()
    assert works(one, "SELECT 1")
    until(lambda: used(one) >= before, BOUND)
    assert used(one) <= before + 2, "its own use is not counted twice"
    until(lambda: used(two) == used(one), BOUND + 1)


def test_Threat96_without_the_store_nothing_is_used(agents, store):  # noqa: F811
    one, _ = agents
    connection = connect(one)
    connection.execute("SELECT 1")
    stopped = [int(pid) for pid in store.sql("SELECT pid FROM pg_stat_activity WHERE datname = 'store'")] + [store.pid()]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        with pytest.raises(psycopg.Error) as refused:
            while time.monotonic() - started < 30:
                connection.execute("SELECT 1")
                time.sleep(0.1)
        assert refused.value.sqlstate == "53400" and "what other gateways let agent" in str(refused.value), refused.value
        assert time.monotonic() - started < 20, "its own interval, not the store's grace"
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    until(lambda: works(one, "SELECT 1"), 20)
