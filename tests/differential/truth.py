"""What PostgreSQL itself says that a statement reaches.

Five oracles, each asked of a real server in a transaction that is rolled back:
  plan     EXPLAIN (VERBOSE, FORMAT JSON): relations scanned and modified
  locks    pg_locks after planning: every relation named or reached by views, rules, inheritance and
           inlined functions, also where the planner removes it; the mode tells reads from writes
  run      pg_locks after running it, deferred triggers included: functions, triggers, cascades;
           and pg_stat_xact_all_tables: tables whose rows really changed, and how
  depends  pg_depend of a function made of the statement (BEGIN ATOMIC): columns, functions
  origins  the result's description: of each output column the table and column it is
"""

import collections
import dataclasses
import re

import psycopg
from psycopg import pq

WRITE_NODES = "ModifyTable"


@dataclasses.dataclass
class Truth:
    sql: str
    failed: str = ""  # the server does not accept the statement
    not_run: str = ""  # it accepts, but this run ended with an error
    plan: set = None  # of (schema, name)
    loose: set = None  # the same, though a condition on other tables may make it none
    unfiltered: set = None  # (schema, name) of targets of an UPDATE or DELETE whose every row the plan takes
    scans: collections.Counter = dataclasses.field(default_factory=collections.Counter)  # how often the plan reads each
    once: bool = False  # an UPDATE or DELETE whose condition looks at no row, and may be true
    locks: dict = None  # OID -> modes
    run: dict = None  # OID -> modes
    changed: dict = None  # OID -> {"insert", "update", "delete"}
    columns: set = None  # (OID, column) named; views not expanded; column 0 for the relation itself
    functions: set = None  # OIDs of users' functions and operators' functions named
    operators: set = None
    origins: list = None  # (name, OID, column) of each output column


INNER = re.compile(rb"^(?:COPY\s*\((.*)\)\s*TO STDOUT.*|(?:DECLARE\s.*?\sFOR|PREPARE\s.*?\sAS)\s+(.*))$", re.S)
COPY_TABLE = re.compile(rb"COPY\s+[^(\s]")


class Server:
    """One session that statements are tried in, and one that watches its locks."""

    def __init__(self, conninfo):
        self.session = psycopg.connect(conninfo, autocommit=True, prepare_threshold=None)
        self.watcher = psycopg.connect(conninfo, autocommit=True)
        self.pid = self.session.info.backend_pid
        # Pruned partitions are not locked: what a statement may reach does not depend on its constants.
        self.session.execute("SET enable_partition_pruning = off; SET constraint_exclusion = off; SET jit = off;"
                             "SET client_min_messages = error; SET statement_timeout = '10s'")
        self.scope = None

    def close(self):
        self.session.close()
        self.watcher.close()

    def enter(self, path, setup, role):
        if self.scope == (path, setup, role):
            return
        self.session.execute(b"RESET ROLE; DISCARD TEMP; SET search_path = " + path.encode())
        if setup:
            self.session.execute(setup.encode())
        if role:
            self.session.execute(b"SET ROLE " + role.encode())
        self.scope = path, setup, role

    def _locks(self):
        rows = self.watcher.execute(
            "SELECT relation, mode FROM pg_locks WHERE pid = %s AND locktype = 'relation' AND database IN"
            " (0, (SELECT oid FROM pg_database WHERE datname = current_database()))", (self.pid,), prepare=True)
        found = {}
        for oid, mode in rows:
            found.setdefault(oid, set()).add(mode.removesuffix("Lock"))
        return found

    def _counts(self):
        return dict((row[0], row[1:]) for row in self.session.execute(
            "SELECT oid, pg_stat_get_xact_tuples_inserted(oid), pg_stat_get_xact_tuples_updated(oid),"
            " pg_stat_get_xact_tuples_deleted(oid) FROM pg_catalog.pg_class WHERE relkind IN ('r', 'm', 'p')"
            " AND oid >= 16384"))

    def _together(self, *texts):
        """Several statements in one message, in a transaction that `ask` rolls back; the last one's rows."""
        cursor = self.session.execute(b"BEGIN; " + b"; ".join(texts))
        while cursor.nextset():
            pass
        return cursor

    def ask(self, statement, run=True):
        self.enter(*statement.scope)
        truth = Truth(statement.sql)
        sql = statement.sql.encode()
        for oracle in (self._describe, self._explain, self._depend) + ((self._run,) if run else ()):
            try:
                oracle(truth, statement, sql)
            except psycopg.Error as error:
                message = str(error).splitlines()[0]
                if oracle == self._describe:
                    truth.failed = message
                    break
                if oracle == self._run:
                    truth.not_run = message
            finally:
                if oracle != self._describe:
                    self.session.execute("ROLLBACK")
        if statement.sql.startswith("PREPARE"):
            self.session.execute("DEALLOCATE ALL")  # a prepared statement outlives its transaction
        return truth

    def _explain(self, truth, _, sql):
        plan = self._together(b"EXPLAIN (VERBOSE, FORMAT JSON) " + sql).fetchone()[0]
        truth.locks = self._locks()
        truth.plan, truth.unfiltered, truth.loose = set(), set(), set()
        for query in plan:
            # DO INSTEAD NOTHING leaves no plan.
            if "Plan" in query:
                self._walk(query["Plan"], truth)
                truth.once |= query["Plan"]["Node Type"] == WRITE_NODES and any(
                    child.get("One-Time Filter", "false") != "false" for child in outer(query["Plan"]))

    def _walk(self, node, truth):
        if "Relation Name" in node:
            relation = (node["Schema"], node["Relation Name"])
            truth.plan.add(relation)
            truth.scans[relation] += node["Node Type"] != WRITE_NODES
        if node["Node Type"] == WRITE_NODES and node["Operation"] in ("Update", "Delete"):
            inputs, alias, target = outer(node), node["Alias"], (node["Schema"], node["Relation Name"])
            # A Result in place of all scans: the condition is never true.
            if inputs and not any(scans(child, alias) for child in inputs):
                if not re.search(r"\bwhere\b", truth.sql, re.I):
                    truth.loose.add(target)
            else:
                if all(takes_every_row(child, alias) for child in inputs):
                    truth.loose.add(target)
                    if not any(has_condition(child) for child in inputs):
                        truth.unfiltered.add(target)
        for target in node.get("Target Tables", ()):
            truth.plan.add((target["Schema"], target["Relation Name"]))
        for child in node.get("Plans", ()):
            self._walk(child, truth)

    def _describe(self, truth, _, sql):
        connection = self.session.pgconn
        # What these give back is what the query in them does.
        sql = INNER.sub(rb"\1\2", sql) if not COPY_TABLE.match(sql) else sql
        for result in (connection.prepare(b"", sql), connection.describe_prepared(b"")):
            if result.status != pq.ExecStatus.COMMAND_OK:
                raise psycopg.ProgrammingError(result.error_message.decode())
        truth.origins = [(result.fname(i).decode(), result.ftable(i), result.ftablecol(i))
                         for i in range(result.nfields)]

    def _depend(self, truth, _, sql):
        rows = self._together(
            b"CREATE FUNCTION public.sluice_probe() RETURNS void LANGUAGE sql BEGIN ATOMIC " + sql + b"\n; END",
            b"SELECT refclassid::pg_catalog.regclass::text, refobjid, refobjsubid FROM pg_catalog.pg_depend"
            b" WHERE classid = 'pg_catalog.pg_proc'::pg_catalog.regclass"
            b" AND objid = 'public.sluice_probe'::pg_catalog.regproc").fetchall()
        named = {}
        for kind, oid, part in rows:
            named.setdefault(kind.removeprefix("pg_catalog."), set()).add((oid, part))
        truth.columns = named.get("pg_class", set())
        truth.functions = {oid for oid, _ in named.get("pg_proc", ())}
        truth.operators = {oid for oid, _ in named.get("pg_operator", ())}

    def _run(self, truth, statement, sql):
        self.session.execute("BEGIN")
        before = self._counts()
        cursor = self.session.cursor()
        if statement.sql.upper().startswith("COPY"):
            with cursor.copy(sql) as copy:
                if statement.data:
                    copy.write(statement.data)
                elif " FROM STDIN" not in statement.sql.upper():
                    for _ in copy:
                        pass
        else:
            cursor.execute(sql)
        self.session.execute("SET CONSTRAINTS ALL IMMEDIATE")
        truth.run = self._locks()
        truth.changed = {}
        for oid, counts in self._counts().items():
            old = before.get(oid, (0, 0, 0))
            kinds = {kind for kind, a, b in zip(("insert", "update", "delete"), old, counts) if b > a}
            if kinds:
                truth.changed[oid] = kinds


def outer(node):
    """A plan node's inputs, without the sub-selects of its expressions."""
    return [child for child in node.get("Plans", ()) if child["Parent Relationship"] not in ("InitPlan", "SubPlan")]


def scans(node, alias):
    """Whether a plan reads the table of that alias, or a part of it (alias_1)."""
    return re.fullmatch(re.escape(alias) + r"(_\d+)?", node.get("Alias", "")) is not None or any(
        scans(child, alias) for child in outer(node))


def condition(node):
    return any(key.endswith(("Filter", " Cond")) for key in node) or " WHERE " in node.get("Remote SQL", "")


def has_condition(node):
    return condition(node) or any(has_condition(child) for child in outer(node))


def condition_on(node, alias):
    """Whether a node has a condition that looks at the table of that alias: a join's may be on the others only."""
    if " WHERE " in node.get("Remote SQL", ""):
        return True
    said = [str(value) for key, value in node.items() if key.endswith(("Filter", " Cond"))]
    return any(re.search(rf"\b{re.escape(alias)}(_\d+)?\"?\.", each) for each in said)


def takes_every_row(node, alias):
    """Whether a plan below ModifyTable takes every row of its target, without any condition on it."""
    if not scans(node, alias):
        return True
    if condition_on(node, alias):
        return False
    if node["Node Type"] in ("Append", "Merge Append", "Result", "Materialize", "Nested Loop", "Hash Join", "Merge Join", "Hash",
                             "Sort", "Gather", "Subquery Scan", "Aggregate"):
        return all(takes_every_row(child, alias) for child in outer(node))
    return node["Node Type"] in ("Seq Scan", "Foreign Scan", "ModifyTable")


class Schema:
    """What the catalog says of relations, for expanding views and excusing what is meant to differ."""

    def __init__(self, session):
        def rows(sql):
            return session.execute(sql).fetchall()
        self.relations = {oid: (schema, name, kind) for oid, schema, name, kind in rows(
            "SELECT c.oid, nspname, relname, relkind::text FROM pg_catalog.pg_class c"
            " JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace")}
        self.generated = set(rows("SELECT attrelid, attnum FROM pg_catalog.pg_attribute WHERE attgenerated <> ''"))
        self.temporary = dict(rows(
            "SELECT relname, oid FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.pg_my_temp_schema()"))
        self.by_name = {(schema, name): oid for oid, (schema, name, _) in self.relations.items()}
        self.columns = {(oid, number): name for oid, number, name in rows(
            "SELECT attrelid, attnum, attname FROM pg_catalog.pg_attribute WHERE attrelid >= 16384")}
        self.children, self.parents, self.referencing, self.referenced = {}, {}, {}, {}
        for child, parent in rows("SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits"):
            self.children.setdefault(parent, set()).add(child)
            self.parents.setdefault(child, set()).add(parent)
        for child, parent in rows("SELECT conrelid, confrelid FROM pg_catalog.pg_constraint WHERE contype = 'f'"):
            self.referencing.setdefault(parent, set()).add(child)
            self.referenced.setdefault(child, set()).add(parent)
        self.ruled = {row[0] for row in rows("SELECT ev_class FROM pg_catalog.pg_rewrite WHERE rulename <> '_RETURN'")}
        self.policy_reads = {}  # table with row security -> what its policies look at
        for table, oid in rows("SELECT polrelid, refobjid FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_depend d"
                               " ON d.objid = p.oid AND d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass"
                               " AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass"):
            self.policy_reads.setdefault(table, set()).add(oid)
        self.view_columns = {}  # view -> what its query names
        for view, oid, part in rows(
                "SELECT r.ev_class, d.refobjid, d.refobjsubid FROM pg_catalog.pg_depend d"
                " JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid"
                " WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass"
                " AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND r.rulename = '_RETURN'"):
            if oid != view:
                self.view_columns.setdefault(view, set()).add((oid, part))
        self.view_origins = {}  # view -> origin of each of its columns
        connection = session.pgconn
        for view, text in rows("SELECT oid, pg_catalog.pg_get_viewdef(oid) FROM pg_catalog.pg_class"
                               " WHERE relkind IN ('v', 'm') AND oid >= 16384"):
            # The server prints a few definitions that it cannot read again: nothing is said of those.
            if connection.prepare(b"", text.encode()).status == pq.ExecStatus.COMMAND_OK:
                result = connection.describe_prepared(b"")
                self.view_origins[view] = [(result.ftable(i), result.ftablecol(i)) for i in range(result.nfields)]
        self.user_functions = {oid: name for oid, name in rows(
            "SELECT oid, oid::pg_catalog.regprocedure::text FROM pg_catalog.pg_proc WHERE oid >= 16384")}
        self.operator_functions = dict(rows("SELECT oid, oprcode::oid FROM pg_catalog.pg_operator WHERE oid >= 16384"))

    def name(self, oid):
        schema, name, _ = self.relations.get(oid, ("?", str(oid), "?"))
        return f"{schema}.{name}"

    def kind(self, oid):
        return self.relations.get(oid, ("?", "?", "?"))[2]

    def is_view(self, oid):
        return self.kind(oid) in "vm"

    def descendants(self, oid):
        found, queue = set(), [oid]
        while queue:
            for child in self.children.get(queue.pop(), ()):
                if child not in found:
                    found.add(child)
                    queue.append(child)
        return found

    def ancestors(self, oid):
        found, queue = set(), [oid]
        while queue:
            for parent in self.parents.get(queue.pop(), ()):
                if parent not in found:
                    found.add(parent)
                    queue.append(parent)
        return found

    def column(self, oid, number):
        return self.columns.get((oid, number), str(number))

    def base_column(self, oid, column):
        """The table's column that is shown as this one, or None when it is computed."""
        while oid and self.kind(oid) == "v":
            origins = self.view_origins.get(oid)
            oid, column = origins[column - 1] if origins and column > 0 else (0, 0)
        return (oid, column) if oid else None

    def reached_columns(self, named):
        """`named` and all that the views in it name."""
        found, queue = set(), list(named)
        while queue:
            item = queue.pop()
            if item in found:
                continue
            found.add(item)
            if self.kind(item[0]) == "v":
                queue.extend(self.view_columns.get(item[0], ()))
        return {item for item in found if self.kind(item[0]) != "v"}
