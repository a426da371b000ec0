"""The public masking sample, classified and struck out, keeps its accuracy.

The sample stands beside the project (../shared/masking-sample) with its own scorer; without it there
is nothing to measure.
"""

import json
import os
import pathlib
import subprocess
import sys

import pytest

SAMPLE = pathlib.Path(__file__).resolve().parents[3] / "shared/masking-sample"
TOOL = os.environ.get("SLUICE_PRIVACY_SAMPLE", "build/dev/tests/tools/sluice_privacy_sample")
pytestmark = pytest.mark.skipif(not (SAMPLE / "score.py").is_file(), reason="no masking sample beside the project")


def scored(masked: pathlib.Path, *options: str) -> dict:
    report = masked / "score.json"
    subprocess.run([sys.executable, SAMPLE / "score.py", "--labels", SAMPLE / "labels.json", "--truth", SAMPLE / "truth",
                    "--masked", masked, "--json", report, "--brief", *options], check=True, stdout=subprocess.DEVNULL)
    return json.loads(report.read_text())["summary"]


def classified(out: pathlib.Path, *options: str) -> dict:
    subprocess.run([TOOL, SAMPLE / "labels.json", SAMPLE / "truth", out, *options], check=True, stdout=subprocess.DEVNULL)
    rows = [option.removeprefix("rows=") for option in options if option.startswith("rows=")]
    return scored(out, *(["--limit", rows[0]] if rows else []))


def test_names_and_values(tmp_path):
    summary = classified(tmp_path)
    assert summary["column_f1"] >= 0.95
    assert summary["leak_rate"] <= 0.02
    assert summary["over_masking_rate"] <= 0.01
    assert summary["text_kept_around_spans"] >= 0.85


def test_three_rows(tmp_path):
    assert classified(tmp_path, "rows=3")["column_f1"] >= 0.9


def test_values_alone(tmp_path):
    assert classified(tmp_path, "blind")["column_f1"] >= 0.7


def test_what_changes_nothing_fails(tmp_path):
    for file in (SAMPLE / "truth").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    summary = scored(tmp_path)
    assert summary["column_f1"] == 0
    assert summary["leak_rate"] == 1
