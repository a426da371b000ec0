"""The command line of the lint, and docs/lint.md against the rules in the code."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
SLUICE = os.environ.get("SLUICE_BIN", str(ROOT / "build/dev/src/sluice"))


def sluice(*arguments, script=None):
    return subprocess.run([SLUICE, *arguments], input=script, capture_output=True, text=True, timeout=60)


def row(rule):
    return f"| `{rule['id']}` | {rule['severity']} | {rule['meaning']} | {rule['why']} | {rule['safer']} |"


def test_the_documentation_has_every_rule_in_the_codes_words():
    rules = json.loads(sluice("lint", "--rules", "-o", "json").stdout)
    assert len(rules) >= 25
    documented = [line for line in (ROOT / "docs/lint.md").read_text().splitlines() if line.startswith("| `")]
    assert documented == [row(rule) for rule in rules]


def test_exit_codes(tmp_path):
    clean = tmp_path / "clean.sql"
    clean.write_text("CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);\n")
    assert sluice("lint", str(clean)).returncode == 0
    assert sluice("lint", str(clean)).stdout == ""
    advice = sluice("lint", "-", script="CREATE TABLE t (id bigint PRIMARY KEY, a json);")
    assert advice.returncode == 0 and "json-instead-of-jsonb" in advice.stdout
    warned = sluice("lint", "-", script="DROP INDEX i;")
    assert warned.returncode == 1
    assert "warnings: 2" in warned.stderr
    assert sluice("lint").returncode == 2
    assert sluice("lint", str(tmp_path / "none.sql")).returncode == 2
    assert sluice("lint", "--no-such-flag").returncode == 2


def test_the_report_names_file_line_lock_and_what_to_do(tmp_path):
    script = tmp_path / "migration.sql"
    script.write_text("SET lock_timeout = '2s';\n\nCREATE INDEX i\n  ON orders (status);\n")
    done = sluice("lint", str(script))
    assert f"{script}:3: error: create-index-not-concurrently: " in done.stdout
    assert "lock SHARE, reads the whole table" in done.stdout
    assert "      CREATE INDEX CONCURRENTLY i\n        ON orders (status);\n" in done.stdout


def test_json_and_csv():
    findings = json.loads(sluice("lint", "-", "-o", "json", script="VACUUM FULL t").stdout)
    assert [(f["rule"], f["lock"], f["rewrites"], f["table"], f["bytes"]) for f in findings] == [
        ("vacuum-full", "access_exclusive", True, "public.t", None)]
    lines = sluice("lint", "-", "-o", "csv", script="VACUUM FULL t").stdout.splitlines()
    assert lines[0].startswith("line,severity,rule,table,lock") and "vacuum-full" in lines[1]


def test_control_characters_do_not_reach_the_terminal():
    done = sluice("lint", "-", script="DROP TABLE \"a\x1b[31m\";")
    assert done.returncode == 1 and "\x1b" not in done.stdout


def test_a_deeply_nested_script_is_refused_not_a_crash():
    done = sluice("lint", "-", script="SELECT " + "(" * 100_000 + "1" + ")" * 100_000)
    assert done.returncode == 1 and "unparsable" in done.stdout


def test_help_and_completion_know_it():
    assert "sluice lint migration.sql" in sluice("lint", "--help").stdout
    assert " lint " in sluice("completion", "bash").stdout
