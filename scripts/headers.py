"""Checks that every header of src/ compiles alone: whoever includes it needs nothing else before.

A header that its own foo.cc or foo_test.cc includes before anything else is proved by every build;
only the others are compiled here. What was found in order is kept in build/lint/headers.json by the contents of the header and of all
of ours that it includes, so that only what has changed is compiled again.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
CACHE = ROOT / "build/lint/headers.json"
# As tests are built: fixtures name only the fields that matter.
COMPILER = ["clang++-19", "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-missing-designated-field-initializers",
            "-I", str(SRC), '-DSLUICE_VERSION="0"', "-x", "c++", "/dev/null", "-include"]
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
FIRST_INCLUDE = re.compile(r'^\s*#\s*include\s+(\S+)', re.MULTILINE)


def with_included(header: pathlib.Path, seen: set[pathlib.Path]) -> None:
    if header in seen or not header.is_file():
        return
    seen.add(header)
    for name in INCLUDE.findall(header.read_text()):
        with_included(SRC / name, seen)


def proved_by_build(header: pathlib.Path) -> bool:
    for suffix in (".cc", "_test.cc"):
        source = header.with_name(header.stem + suffix)
        if source.is_file():
            first = FIRST_INCLUDE.search(source.read_text())
            if first and first.group(1) == f'"{header.relative_to(SRC)}"':
                return True
    return False


def digest(header: pathlib.Path) -> str:
    files: set[pathlib.Path] = set()
    with_included(header, files)
    total = hashlib.sha256(" ".join(COMPILER[:-1]).encode())
    for file in sorted(files):
        total.update(str(file.relative_to(SRC)).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def check(header: pathlib.Path) -> str:
    """The compiler's first error, or nothing."""
    done = subprocess.run(COMPILER + [str(header)], capture_output=True, text=True)
    errors = [line for line in done.stderr.splitlines() if "error:" in line]
    if done.returncode == 0:
        return ""
    return f"src/{header.relative_to(SRC)} does not compile alone: {(errors or [done.stderr])[0]}"


def problems() -> list[str]:
    """One line for each header that is not self-contained."""
    try:
        good = set(json.loads(CACHE.read_text()))
    except (OSError, ValueError):
        good = set()
    digests = {header: digest(header) for header in sorted(SRC.rglob("*.h"))
               if not proved_by_build(header)}
    fresh = [header for header, value in digests.items() if value not in good]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = dict(zip(fresh, pool.map(check, fresh)))
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    CACHE.write_text(json.dumps([value for header, value in digests.items() if not found.get(header)]))
    return [problem for problem in found.values() if problem]
