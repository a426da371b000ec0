"""Reads corpus/*.sql: statements that end with ";" at the end of a line (outside of $$ … $$), and
directives in comment lines:

  -- @path app, public     search_path from here on in this file; "public" at its start
  -- @setup SQL            what the session did before (temporary tables); from here on, empty ends it
  -- @role reader          SET ROLE from here on; empty ends it
  -- @also app.audit       the next statement may be said to reach this as well: a branch not taken here
  -- @less app.users       the server opens this for the next statement, but reads no rows of it
  -- @every                the next UPDATE or DELETE takes every row, though its plan has a condition
  -- @known why            the analyser is known to differ on the next statement; the report counts it
  -- @refused              the next statement may only be said not to be understood: it cannot be
  -- @data 1|x;2|y         rows for the next statement, a COPY FROM STDIN; its columns by "|"
"""

import dataclasses
import pathlib

FOLDER = pathlib.Path(__file__).parent / "corpus"


@dataclasses.dataclass
class Statement:
    where: str  # "joins.sql:12"
    sql: str
    path: str = "public"
    setup: str = ""
    role: str = ""
    also: frozenset = frozenset()
    less: frozenset = frozenset()
    every: bool = False
    known: str = ""
    refused: bool = False
    data: bytes = b""

    @property
    def scope(self):
        """Statements of one scope share a session's state."""
        return self.path, self.setup, self.role


def read(file):
    statements, text, start = [], "", 0
    settings = {"path": "public", "setup": "", "role": ""}
    once = {}
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if not text and line.startswith("-- @"):
            key, _, value = line[4:].partition(" ")
            if key in ("also", "less"):
                once[key] = frozenset(name.strip() for name in value.split(","))
            elif key == "known":
                once[key] = value.strip()
            elif key in ("every", "refused"):
                once[key] = True
            elif key == "data":
                once["data"] = value.replace("|", "\t").replace(";", "\n").encode() + b"\n"
            elif key in settings:
                settings[key] = value.strip()
            else:
                raise ValueError(f"{file.name}:{number}: unknown directive @{key}")
            continue
        if not text and (not line.strip() or line.startswith("--")):
            continue
        start = start or number
        text += line + "\n"
        if line.rstrip().endswith(";") and text.count("$$") % 2 == 0:
            statements.append(Statement(f"{file.name}:{start}", text.strip().removesuffix(";"), **settings, **once))
            text, start, once = "", 0, {}
    if text:
        raise ValueError(f"{file.name}:{start}: no ; at the end")
    return statements


def read_all():
    return [statement for file in sorted(FOLDER.glob("*.sql")) for statement in read(file)]
