"""The command line where there is more than one gateway: what is shown and what is done are of the same one."""

import json
import os
import subprocess

import pytest
from harness.gateway import PASSWORD, SLUICE, Gateway


@pytest.fixture(scope="module")
def gateways(server):
    server.sql("DROP TABLE IF EXISTS kept_one, kept_two; CREATE TABLE kept_one (); CREATE TABLE kept_two (); "
               "ALTER TABLE kept_one OWNER TO sluice; ALTER TABLE kept_two OWNER TO sluice", database="orders")
    running = []
    for _ in range(2):
        gateway = Gateway(server, start=False)
        policy = gateway.root / "policy.yaml"
        policy.write_text("rules:\n  - { name: all, effect: allow }\n"
                          "  - { name: drops, effect: hold, do: [drop], approve: { by: [dba], wait: 0s, valid: 1h } }\n")
        gateway.write_config(server, extra=f"api: {{ admins: [dba] }}\npolicy: {{ file: {policy} }}")
        gateway.cli("user", "add", "dora", "--group", "dba", "--password-stdin", input=PASSWORD + "\n")
        gateway.start()
        running.append(gateway)
    yield running
    for gateway in running:
        gateway.stop()


class Machine:
    def __init__(self, path):
        self.env = {**os.environ, "HOME": str(path), "XDG_STATE_HOME": str(path)}
        for name in ("SLUICE_CONFIG", "SLUICE_GATEWAY", "SLUICE_TOKEN"):
            self.env.pop(name, None)

    def __call__(self, *words, input=None, **env):
        return subprocess.run([SLUICE, *words], env={**self.env, **env}, input=input, text=True, capture_output=True, timeout=60)

    def log_in(self, gateway, user="dora"):
        done = self("login", "--gateway", f"http://127.0.0.1:{gateway.http}", "--user", user, "--password-stdin", input=PASSWORD + "\n")
        assert done.returncode == 0, done.stderr


def state_of(gateway, number):
    return json.loads(gateway.cli("approval", "show", str(number), "-o", "json").stdout)["state"]


def credentials_of(gateway, user):
    return json.loads(gateway.cli("token", "list", "--user", user, "-o", "json").stdout)


def ask_for(gateway, table):
    assert gateway.psql("-c", f"DROP TABLE {table}").returncode != 0
    return json.loads(gateway.cli("approval", "list", "-o", "json").stdout)[-1]["number"]


def test_what_is_approved_is_what_was_shown(gateways, tmp_path):
    here, there = gateways
    numbers = {ask_for(here, "kept_one"), ask_for(there, "kept_two")}
    assert numbers == {1}, "both have a request of this number"
    machine = Machine(tmp_path)
    machine.log_in(there)
    config = ("--config", str(here.config))
    assert "kept_one" in machine("approval", "show", "1", *config).stdout
    refused = machine("approval", "approve", "1", *config)
    assert refused.returncode == 1, refused.stdout
    assert f"you are logged in at http://127.0.0.1:{there.http}, not at the gateway of {here.config}" in refused.stderr
    assert f"sluice login --gateway http://127.0.0.1:{here.http}" in refused.stderr
    for words in (("change", "cancel", "1"), ("grant", "return", "1"), ("approval", "undo", "1"),
                  ("request", "orders", "--role", "r", "--for", "1h", "--reason", "x", "--no-wait")):
        refused = machine(*words, *config)
        assert refused.returncode == 1 and "not at the gateway of" in refused.stderr, refused.stderr
    assert state_of(here, 1) == state_of(there, 1) == "waiting"
    # With a login at each, the one of this gateway is shown, though it is not the latest.
    machine.log_in(here)
    machine.log_in(there)
    done = machine("approval", "approve", "1", *config)
    assert done.returncode == 0, done.stderr
    assert state_of(here, 1) == "approved" and state_of(there, 1) == "waiting"
    # Where there is no configuration it is the latest, and that is said.
    shown, done = machine("approval", "show", "1"), machine("approval", "reject", "1")
    assert "kept_two" in shown.stdout and state_of(there, 1) == "rejected"
    assert all(f'at http://127.0.0.1:{there.http} as "dora"\n' in each.stderr for each in (shown, done))


def test_nothing_is_shown_of_another_while_this_one_is_down(gateways, server, tmp_path):
    machine = Machine(tmp_path)
    machine.log_in(gateways[1])
    down = Gateway(server, start=False)
    try:
        for words in (("approval", "list"), ("approval", "approve", "1")):
            refused = machine(*words, "--config", str(down.config))
            assert refused.returncode in (1, 5) and not refused.stdout, refused.stdout
    finally:
        down.stop()


@pytest.mark.parametrize("by", ["option", "environment"])
def test_a_configuration_that_is_not_there_is_no_other_gateway(gateways, tmp_path, by):
    machine = Machine(tmp_path)
    machine.log_in(gateways[1])
    missing = str(tmp_path / "slucie.yaml")
    words = ["user", "add", f"mallory-{by}", "--no-password"]
    done = machine(*words, "--config", missing) if by == "option" else machine(*words, SLUICE_CONFIG=missing)
    assert done.returncode == 2 and missing in done.stderr, done.stderr
    assert f"mallory-{by}" not in gateways[1].cli("user", "list").stdout


def test_a_password_from_another_machine_leaves_no_credential(gateways, tmp_path):
    gateway = gateways[1]
    gateway.cli("user", "add", "edna", "--group", "dba", "--password-stdin", input=PASSWORD + "\n")
    machine = Machine(tmp_path)
    machine.log_in(gateway)
    done = machine("grant", "review", "--user", "edna", "--password-stdin", input=PASSWORD + "\n")
    assert done.returncode == 0 and "dora" in done.stdout, done.stderr
    assert f'at http://127.0.0.1:{gateway.http} as "edna"\n' in done.stderr
    at_it = gateway.cli("grant", "review", "--user", "edna", "--password-stdin", input=PASSWORD + "\n", check=False)
    assert "access_review" in at_it.stderr, "she was known there"
    assert credentials_of(gateway, "edna") == [], "what was made for one command ends with it"
    named = machine("grant", "review", "--user", "edna", "--password-stdin", input=PASSWORD + "\n",
                    SLUICE_GATEWAY=f"http://127.0.0.1:{gateways[0].http}/")
    assert named.returncode == 1 and "dora" not in named.stdout, "the other gateway does not know her"
