"""The audit log under faults: killed at random moments, its files torn and altered, its disk full at a random byte.

SLUICE_KILLS=200 makes the first a long run; SLUICE_SEED repeats a run's random choices.
"""

import collections
import json
import os
import pathlib
import random
import subprocess
import threading
import time

import psycopg2
import pytest
from harness.gateway import SLUICE, Gateway
from harness.wire import SYNC, WireClient, bind, execute, parse, query

KILLS = int(os.environ.get("SLUICE_KILLS", "8"))
SEED = int(os.environ.get("SLUICE_SEED", random.SystemRandom().randrange(1 << 32)))
QUICK = 2.0  # Seconds a start after a crash may take.


def verify(audit, *more):
    """The exit code and the report of `sluice audit verify`."""
    done = subprocess.run([SLUICE, "audit", "verify", "--log", audit, "-o", "json", *more], capture_output=True, text=True, timeout=120)
    return done.returncode, json.loads(done.stdout) if done.stdout else {"error": done.stderr}


class Load:
    """Clients that send statements, each with a marker of its own, and remember whose completion they saw."""

    def __init__(self, gateway, name):
        self.acknowledged = []
        self.sent = []
        kinds = (self.simple, self.simple, self.extended, self.driver)
        self.threads = [threading.Thread(target=self.work, args=(kind, gateway, f"{name}-{n}-")) for n, kind in enumerate(kinds)]
        for thread in self.threads:
            thread.start()

    def work(self, kind, gateway, prefix):
        try:
            run = kind(gateway)
            for n in range(1_000_000):
                marker = f"{prefix}{n}."
                self.sent.append(marker)
                run(f"SELECT '{marker}'")
                self.acknowledged.append(marker)
        except (OSError, EOFError, psycopg2.Error):
            pass

    def simple(self, gateway):
        client = WireClient(gateway.port)
        client.login()
        return lambda text: complete(client.run(query(text)))

    def extended(self, gateway):
        client = WireClient(gateway.port)
        client.login()
        return lambda text: complete(client.run(parse(text) + bind() + execute() + SYNC))

    def driver(self, gateway):
        connection = psycopg2.connect(gateway.dsn())
        connection.autocommit = True
        return connection.cursor().execute

    def join(self):
        for thread in self.threads:
            thread.join()


def complete(messages):
    if not any(kind == b"C" for kind, _ in messages):
        raise EOFError(messages)


def markers(gateway, prefix):
    """How often each marker that begins so is on the record."""
    found = gateway.cli("audit", "search", "-o", "json", "--limit", "10000000", "--text", f"SELECT '{prefix}").stdout
    return collections.Counter(record["text"].split("'")[1] for record in json.loads(found))


def missing_and_doubled(gateway, load, prefix):
    """Markers that were acknowledged and are not on the record, and those that are there more than once."""
    recorded = markers(gateway, prefix)
    assert set(recorded) <= set(load.sent)
    return [m for m in load.acknowledged if not recorded[m]], [m for m, n in recorded.items() if n > 1]


@pytest.mark.parametrize("durability", ["process", "disk"])
def test_Threat57_killed_at_random_moments(server, durability):
    choose = random.Random(f"{SEED} {durability}")
    gateway = Gateway(server, environment="development", extra=f"audit: {{ durability: {durability}, segment_size: 1MiB }}")
    audit = gateway.root / "state/audit"
    acknowledged, starts, in_flight = 0, [], 0
    try:
        for kill in range(KILLS):
            load = Load(gateway, f"kill{kill}")
            time.sleep(choose.uniform(0.05, 0.8))
            gateway.kill9()
            load.join()
            started = time.monotonic()
            gateway.start()
            starts.append(time.monotonic() - started)
            missing, doubled = missing_and_doubled(gateway, load, f"kill{kill}-")
            assert not missing, f"seed {SEED}, kill {kill}: of {len(load.acknowledged)} acknowledged, {len(missing)} are not on the record: {missing[:5]}"
            assert not doubled, f"seed {SEED}, kill {kill}: on the record twice: {doubled[:5]}"
            code, report = verify(audit)
            assert code == 0 and report["good"], f"seed {SEED}, kill {kill}: {report}"
            acknowledged += len(load.acknowledged)
            in_flight += len(load.sent) - len(load.acknowledged)
        slowest, starts = max(starts), sorted(starts)
        print(f"{durability}: {KILLS} kills, {acknowledged} acknowledged, {in_flight} in flight; ready after {starts[len(starts) // 2]:.2f} s (median), {slowest:.2f} s (slowest)")
        assert len(markers(gateway, "kill")) >= acknowledged
        assert acknowledged > KILLS * 10
        assert slowest <= QUICK, f"seed {SEED}: ready after {slowest:.2f} s"
    finally:
        gateway.stop()
