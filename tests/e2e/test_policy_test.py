"""policy test as in CI: what it says, and by which exit code."""

import json

import pytest
from harness.gateway import Gateway

POLICY = """
rules:
  - { name: reads, effect: allow, do: [read], on: { tables: ["public.*"] }, limit: { rows: 10 } }
  - { name: no-unbounded, effect: deny, do: [delete], when: { without_where: true } }
"""
CASE = "  - {{ name: {}, user: a, database: orders, environment: production, sql: {}, expect: {} }}\n"
GOOD = "cases:\n" + CASE.format("reads", "SELECT id FROM public.t", "allow") + CASE.format("empties", "DELETE FROM public.t", "deny")


@pytest.fixture(scope="module")
def nothing_running(server, tmp_path_factory):
    gateway = Gateway(server, start=False)
    folder = tmp_path_factory.mktemp("cases")
    (folder / "policy.yaml").write_text(POLICY)
    (folder / "good.yaml").write_text(GOOD)
    (folder / "failing.yaml").write_text(GOOD + CASE.format("wrong", "DELETE FROM public.t", "allow"))
    (folder / "misread.yaml").write_text(GOOD + CASE.format("wrong", "SELECT 1", "alow"))
    yield gateway, folder
    gateway.stop()


@pytest.mark.parametrize("file, code", [("good", 0), ("failing", 1), ("misread", 2), ("none", 2)])
def test_exit_codes(nothing_running, file, code):
    gateway, folder = nothing_running
    done = gateway.cli("policy", "test", str(folder / f"{file}.yaml"), "--policy", str(folder / "policy.yaml"), "--offline", "-o", "json",
                       check=False)
    assert done.returncode == code, done.stderr
    if code < 2:
        assert [case["passed"] for case in json.loads(done.stdout)] == [True, True, False][:2 + code]
    if file == "misread":
        assert "misread.yaml:4:" in done.stderr and "allow, hold, deny" in done.stderr


def test_without_a_gateway_it_says_how_to_go_on(nothing_running):
    gateway, folder = nothing_running
    done = gateway.cli("policy", "test", str(folder / "good.yaml"), "--policy", str(folder / "policy.yaml"), check=False)
    assert done.returncode not in (0, 1) and "--offline" in done.stderr, done.stderr
