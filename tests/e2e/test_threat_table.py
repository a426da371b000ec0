"""docs/threats.md says which test covers which case: every test that it names has to exist."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \|", re.MULTILINE)
CASES = set(range(1, 80)) | {85, 86, 87, 90, 91, 94, 95, 96, 97, 100, 101, 102, 103, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120}


def rows():
    return ROW.findall((ROOT / "docs/threats.md").read_text())


def known_tests():
    """file stem -> names of tests in it; for C++ also Suite.Name under the suite's file."""
    known = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        known.setdefault(path.stem, set()).update(re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE))
    for path in (ROOT / "src").rglob("*_test.cc"):
        for suite, name in re.findall(r"\bTEST(?:_F|_P)?\((\w+),\s*(\w+)\)", path.read_text()):
            known.setdefault(suite, set()).add(name)
    return known


def test_every_case_has_a_row():
    assert {int(number) for number, _, _ in rows()} == CASES


def test_no_case_stands_twice():
    numbers = [int(number) for number, _, _ in rows()]
    assert {number for number in numbers if numbers.count(number) > 1} == set()


def test_every_test_named_exists():
    known = known_tests()
    for number, _, tests in rows():
        named = re.findall(r"`([^`]+)`", tests)
        assert named, f"case {number} names no test"
        for name in named:
            group, _, test = name.partition(".")
            assert test in known.get(group, ()), f"case {number}: there is no test {name}"
