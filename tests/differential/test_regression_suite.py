"""PostgreSQL's own regression SQL, compared as test_differential.py does.

The suite is fetched once from Debian's source package (regress.py says how) into SLUICE_REGRESS, a
folder outside of the source tree, and the test is skipped, saying why, where that is not possible: no
Debian package ships it, and the 1,000 statements that must always be compared are in corpus/.

All statements of a file that define something run first, in one database a file; DROPs are left out.
Then every query and every write in it that the server accepts by then is compared, planned but not run.
"""

import os
import pathlib
import re
import subprocess

import psycopg
import pytest
import regress
from corpus import Statement
from facts import Analyser
from test_differential import Report
from truth import Schema, Server


KNOWN = [line.split("\t") for line in
         (pathlib.Path(__file__).parent / "regress_known.txt").read_text().splitlines()]


@pytest.fixture(scope="module")
def suite():
    folder = pathlib.Path(os.environ.get("SLUICE_REGRESS") or pathlib.Path.home() / ".cache/sluice/regress")
    if not (folder / "complete").exists():
        try:
            regress.fetch(folder)
        except (subprocess.SubprocessError, OSError, StopIteration) as error:
            pytest.skip(f"PostgreSQL's source package is not to be had: {error!r}")
    return folder / "sql"


def known_difference(name, text):
    """Why the analyser is known to differ on a statement: "file <tab> beginning of the text <tab> why"."""
    flat = " ".join(text.split())
    return next((why for file, start, why in KNOWN if file == name and flat.startswith(start)), "")


def define(session, file):
    """Runs what defines something; returns the statements to compare."""
    compared, path = [], "public"
    seen = set()
    for line, text in regress.split(file.read_text(errors="replace")):
        text = regress.for_everyone(regress.EXPLAIN.sub("", text, count=1) if text[:7].lower() == "explain" else text)
        asked = regress.COMPARED.match(text) and not re.search(r"\binto\s+(table\s+)?\w+\s+from\b", text, re.I)
        if asked:
            if (text, path) not in seen:
                seen.add((text, path))
                compared.append(Statement(f"{file.stem}:{line}", text, path, known=known_difference(file.stem, text)))
        elif not regress.LEFT_OUT.match(text) and not regress.DROPS.match(text):
            try:
                session.execute(text.encode())
            except psycopg.Error:
                pass
            if "search_path" in text and text[:3].lower() == "set":
                path = session.execute("SHOW search_path").fetchone()[0]
    return compared


@pytest.fixture(scope="module")
def prepared(postgres, suite):
    """Makes a database a file: conninfo, statements."""
    base = f"host={postgres.root} port={postgres.port} user=postgres dbname="
    with psycopg.connect(base + "postgres", autocommit=True) as admin:
        admin.execute("CREATE DATABASE regress_setup TEMPLATE template0")
        with psycopg.connect(base + "regress_setup", autocommit=True, options="-c client_min_messages=error") as session:
            define(session, suite / "test_setup.sql")
            define(session, suite / "create_index.sql")

    def prepare(name):
        with psycopg.connect(base + "postgres", autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE r_{name} TEMPLATE regress_setup STRATEGY file_copy".encode())
        conninfo = f"{base}r_{name}"
        with psycopg.connect(conninfo, autocommit=True,
                             options="-c client_min_messages=error -c statement_timeout=5s") as session:
            return conninfo, define(session, suite / f"{name}.sql")
    return prepare


# Files in which the analyser differs in more than single statements (regress_known.txt). They are compared with
# SLUICE_REGRESS_ALL=1, so that nobody takes the differences for new ones.
DIFFERENT = {
    "create_function_sql": "the output name of a function that returns nothing",
    "domain": "names of casts to domains; functions whose body nobody can read count with all their overloads",
    "jsonb": "output names of casts of jsonb",
    "polymorphism": "of overloaded polymorphic functions more count than the server takes",
    "privileges": "columns that INSERT … ON CONFLICT does not name and the server fills by default",
    "select_parallel": "code that EXPLAINs or sets roles is refused",
    "triggers": "an UPDATE whose trigger's code cannot be resolved is refused",
}


@pytest.mark.parametrize("name", regress.FILES)
def test_regression_file(prepared, name):
    if name in DIFFERENT and not os.environ.get("SLUICE_REGRESS_ALL"):
        pytest.skip(DIFFERENT[name])
    conninfo, statements = prepared(name)
    server, report, scope = Server(conninfo), Report(), None
    analyser = Analyser(conninfo)
    for statement in statements:
        truth = server.ask(statement, run=False)
        if truth.failed or truth.locks is None:
            continue
        if scope != statement.scope:
            scope, schema = statement.scope, Schema(server.session)
        report.compare(schema, statement, truth, analyser.ask(statement, schema))
    server.close()
    analyser.close()
    report.check()
    assert report.counts["statements"] > 0
