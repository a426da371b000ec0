"""The public masking sample, read through a gateway with no configuration, by somebody without any right: what is found, what leaks,
what is altered that need not be, and what attacks recover, by the sample's own scorer.

The sample stands beside the project (../shared/masking-sample); without it there is nothing to measure.
"""

import json
import pathlib
import subprocess
import sys

import pytest

from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer

SAMPLE = pathlib.Path(__file__).resolve().parents[3] / "shared/masking-sample"
pytestmark = pytest.mark.skipif(not (SAMPLE / "score.py").is_file(), reason="no masking sample beside the project")


def collect(url, out, *options):
    subprocess.run([sys.executable, SAMPLE / "collect.py", "--url", url, "--labels", SAMPLE / "labels.json", "--out", out, *options],
                   check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """What is seen directly and through the gateway."""
    out = tmp_path_factory.mktemp("sample")
    server = PostgresServer(host_lines=("host all all 127.0.0.1/32 trust",))
    server.sql("CREATE DATABASE masksample TEMPLATE template0 ENCODING 'UTF8'")
    subprocess.run(["psql", "-X", "-q", "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres", "-d", "masksample", "-f", "load.sql"],
                   cwd=SAMPLE, check=True, stdout=subprocess.DEVNULL)
    evasions = ("--evasions", SAMPLE / "evasions.json")
    collect(f"postgres://maskuser:maskpw@127.0.0.1:{server.port}/masksample", out / "direct", *evasions)
    gateway = Gateway(server, masking=True, start=False)
    gateway.config.write_text(gateway.config.read_text().replace("/orders?", "/masksample?"))
    gateway.start()
    url = f"postgres://alice:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{gateway.port}/orders"
    collect(url, out / "seen", *evasions)
    collect(url, out / "three", "--limit", "3")
    collect(url, out / "renamed", "--alias")
    yield out
    assert gateway.stop() == 0
    server.stop()


def score(out, what, *options):
    report = out / f"{what}.json"
    subprocess.run([sys.executable, SAMPLE / "score.py", "--labels", SAMPLE / "labels.json", "--truth", SAMPLE / "truth",
                    "--masked", out / what / "tables", "--json", report, "--brief", *options], check=True, stdout=subprocess.DEVNULL)
    return json.loads(report.read_text())


@pytest.mark.parametrize("what,options", [("seen", ()), ("three", ("--limit", "3")), ("renamed", ("--alias",))])
def test_what_is_sensitive_is_masked_and_nothing_else(sample, what, options):
    summary = score(sample, what, *options)["summary"]
    assert summary["column_f1"] >= 0.97
    assert summary["leak_rate"] <= 0.01
    assert summary["over_masking_rate"] <= 0.01
    assert summary["text_kept_around_spans"] >= 0.9
    assert summary["type_invalid_cells"] == 0
    assert summary["rows_missing"] == 0


def test_no_attack_recovers_a_value(sample):
    report = score(sample, "seen", "--evasions", SAMPLE / "evasions.json", "--seen", sample / "seen/evasions.json",
                   "--direct", sample / "direct/evasions.json")["evasions"]
    assert report["n"] > 50
    assert report["recovered"] == 0, report["bad"]
    assert all(good for _, good in report["controls"]), report["controls"]
    assert report["oracles"]["like_prefix"]["leak"] == 0
