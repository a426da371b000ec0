"""PostgreSQL's own regression SQL, for comparing on it too.

No Debian package ships it as files, so it is taken from the source package of the distribution's
postgresql-15, by apt itself (signed and checksummed) with a configuration of its own that leaves the
system's alone. `python3 regress.py FOLDER` fetches it."""

import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

FILES = ("select", "select_distinct", "select_distinct_on", "select_having", "select_implicit", "select_into", "select_views",
         "subselect", "union", "case", "join", "aggregates", "arrays", "update", "delete", "insert",
         "insert_conflict", "namespace", "returning", "with", "merge", "rowtypes", "rangefuncs", "window", "groupingsets",
         "inherit", "partition_prune", "partition_join", "updatable_views", "create_view", "matview", "rules", "triggers",
         "foreign_key", "tablesample", "limit", "tsrf", "generated", "identity", "domain", "polymorphism",
         "create_function_sql", "portals", "temp", "prepare", "plancache", "equivclass", "functional_deps", "incremental_sort",
         "select_parallel", "copydml", "copyselect", "rowsecurity", "truncate", "tid", "misc", "jsonb", "xmlmap", "privileges")

SOURCES = """Types: deb-src
URIs: http://deb.debian.org/debian
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""


def fetch(folder):
    """Leaves sql/*.sql and COPYRIGHT in `folder`; says by an exception why it could not."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        for part in ("lists/partial", "cache/archives/partial"):
            (work / part).mkdir(parents=True)
        (work / "debian.sources").write_text(SOURCES)
        options = ["-q", "-o", f"Dir::Etc::sourcelist={work}/debian.sources", "-o", "Dir::Etc::sourceparts=/dev/null",
                   "-o", f"Dir::State::lists={work}/lists", "-o", f"Dir::Cache={work}/cache", "-o", "APT::Sandbox::User=root",
                   "-o", "Acquire::Languages=none", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::Retries=1"]
        for command in (["update"], ["source", "--download-only", "--only-source", "postgresql-15"]):
            subprocess.run(["apt-get", *options, *command], cwd=work, check=True, timeout=180, capture_output=True)
        archive = next(work.glob("postgresql-15_*.orig.tar.*"))
        with tarfile.open(archive) as tar:
            for member in tar:
                found = re.fullmatch(r"[^/]+/(src/test/regress/(sql/\w+\.sql)|COPYRIGHT)", member.name)
                if found and member.isfile():
                    target = folder / (found[2] or "COPYRIGHT")
                    target.parent.mkdir(exist_ok=True)
                    target.write_bytes(tar.extractfile(member).read())
    (folder / "complete").touch()


TOKEN = re.compile(r"""
    (?P<comment>--[^\n]*|/\*)
  | (?P<escape>[eE]'(?:[^'\\]|''|\\.)*')
  | (?P<quote>'(?:[^']|'')*'|"(?:[^"]|"")*")
  | (?P<dollar>\$(?:[A-Za-z_]\w*)?\$)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<meta>\\[^\n]*)
  | (?P<other>.)
""", re.X | re.S)


def split(text):
    """(line, statement) as psql would send them; meta-commands, and data after COPY FROM STDIN, left out."""
    at, start, depth, atomic = 0, None, 0, 0
    out = []
    while at < len(text):
        match = TOKEN.match(text, at)
        kind, word = match.lastgroup, match.group()
        at = match.end()
        if kind == "comment" and word == "/*":
            nesting = 1
            while nesting and at < len(text):
                step = 2 if text[at:at + 2] in ("/*", "*/") else 1
                nesting += {"/*": 1, "*/": -1}.get(text[at:at + 2], 0)
                at += step
            continue
        if kind == "comment" or (kind == "other" and word.isspace()):
            continue
        if kind == "meta":
            start, depth, atomic = None, 0, 0  # \gset, \g, \d …: what they end is not ours
            continue
        if start is None:
            start = match.start()
        if kind == "dollar":
            end = text.find(word, at)
            at = len(text) if end < 0 else end + len(word)
        elif kind == "name":
            upper = word.upper()
            if upper == "ATOMIC":
                atomic = 1
            elif atomic and upper == "CASE":
                atomic += 1
            elif atomic and upper == "END":
                atomic -= 1
        elif kind == "other" and word in "()":
            depth += 1 if word == "(" else -1
        elif kind == "other" and word == ";" and depth <= 0 and not atomic:
            statement = text[start:match.start()]
            out.append((text.count("\n", 0, start) + 1, statement))
            start, depth = None, 0
            if re.match(r"copy\b.*\bfrom\s+stdin", statement, re.I | re.S):
                end = text.find("\n\\.", at)
                at = len(text) if end < 0 else end + 3
    return out


EXPLAIN = re.compile(r"explain\s*(\([^)]*\)|(\s*(analyze|verbose)\b)*)\s*", re.I)
COMPARED = re.compile(r"\(*\s*(select|with|insert|update|delete|merge|table|values)\b", re.I)
# Nothing is dropped and nothing is undone, so that all statements of a file can be asked at its end.
LEFT_OUT = re.compile(r"(drop|begin|start|commit|end|rollback|abort|savepoint|release|vacuum|analyze|discard|declare|fetch|move|close"
                      r"|prepare|execute|deallocate|reset|explain|listen|notify|copy|cluster|reindex|checkpoint|lock"
                      r"|create\s+database|alter\s+system|set\s+(role|session|local|transaction)|create\s+(tablespace|event)"
                      r"|show|do)\b", re.I)
DROPS = re.compile(r"alter\s+table\b.*\b(drop\s+column|detach|rename|disable|set\s+schema)", re.I | re.S)


def for_everyone(statement):
    """Temporary tables become permanent: another session is to see them."""
    statement = re.sub(r"\bcreate\s+((global|local)\s+)?temp(orary)?\s+", "CREATE ", statement, flags=re.I)
    statement = re.sub(r"\binto\s+temp(orary)?\s+(table\s+)?", "INTO ", statement, flags=re.I)
    return re.sub(r"\bon\s+commit\s+(drop|delete\s+rows|preserve\s+rows)", "", statement, flags=re.I)


if __name__ == "__main__":
    fetch(pathlib.Path(sys.argv[1]))
    print(sum(1 for _ in os.scandir(pathlib.Path(sys.argv[1]) / "sql")), "files")
