"""Says in a few lines why tests failed, for logs of which only the end is kept.

usage: why_failed.py FOLDER    ctest's Testing/Temporary of the run
"""

import pathlib
import re
import sys

LINES = 6  # Of each test.
TELLING = re.compile(r"^E  |Failure$|^  Actual|^Expected|ERROR: |SUMMARY: |runtime error|^FAILED |rror: |Timeout|^Which is")


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    failed = {line.split(":", 1)[1].strip() for line in (folder / "LastTestsFailed.log").read_text().splitlines()}
    log = (folder / "LastTest.log").read_text(errors="replace")
    said = {}  # The last try counts.
    for part in re.split(r"(?m)^\d+/\d+ Test(?:ing: |: )", log)[1:]:
        name, _, output = part.partition("\n")
        if name.strip() in failed:
            said[name.strip()] = [line.rstrip()[:200] for line in output.splitlines() if TELLING.search(line)][:LINES]
    for name, lines in said.items():
        print("\n".join([f"{name}:", *(f"  {line}" for line in lines or ["see above"])]))


main()
