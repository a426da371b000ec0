"""Where values really flow: a base column is changed in every row, the query runs again, and each
output column whose values have changed must be said to come from that column, or the column must be
said to steer the query (predicate, join, grouping, ordering)."""

import collections
import re

import psycopg

STEERS = {"predicate", "join", "grouping", "ordering"}

# What another value of a type is; NULL becomes a value too.
OTHER = {
    "text": "coalesce({c}, '') || '~@'", "character varying": "coalesce({c}, '') || '~'", "integer": "coalesce({c}, 0) + 7000",
    "bigint": "coalesce({c}, 0) + 7000", "numeric": "coalesce({c}, 0) + 7000", "double precision": "coalesce({c}, 0) + 7000",
    "date": "coalesce({c}, '2000-01-01') + 7000", "jsonb": "jsonb_build_object('page', coalesce({c}::text, '~'), 'ink', coalesce({c}::text, '~'))",
    "text[]": "ARRAY['~'] || {c}", "app.email": "coalesce({c}, '') || '~@'", "app.positive": "{c} + 7000",
    "app.status": "CASE {c} WHEN 'done' THEN 'new' ELSE 'done' END::app.status", "app.labels": "ARRAY['~'] || {c}::text[]",
    "app.address": "ROW('~', '~' || coalesce(({c}).city, ''), '~')::app.address",
}


class Flow:
    def __init__(self, session, schema):
        self.session, self.schema = session, schema
        self.columns = collections.defaultdict(list)  # table -> (number, name, SQL of another value)
        session.execute("RESET ROLE; SET search_path = public")
        for oid, number, name, kind in session.execute(
                "SELECT attrelid, attnum, attname, pg_catalog.format_type(atttypid, NULL) FROM pg_catalog.pg_attribute a"
                " JOIN pg_catalog.pg_class c ON c.oid = attrelid WHERE relkind = 'r' AND attnum > 0 AND NOT attisdropped"
                " AND attgenerated = '' AND c.oid >= 16384"):
            kind = kind.split("(")[0] if not kind.endswith("[]") else kind
            if kind in OTHER:
                quoted = '"' + name.replace('"', '""') + '"'
                self.columns[oid].append((number, name, f"{quoted} = {OTHER[kind].format(c=quoted)}"))

    def table(self, oid):
        schema, name, _ = self.schema.relations[oid]
        return ".".join('"' + part.replace('"', '""') + '"' for part in (schema, name))

    def output(self, sql, change=""):
        """The values of each output column; None when the server refuses."""
        try:
            cursor = self.session.execute(b"BEGIN; " + change.encode() + b"SAVEPOINT s; " + sql.encode())
            while cursor.nextset():
                pass
            rows = cursor.fetchall()
        except psycopg.Error:
            return None
        finally:
            self.session.execute("ROLLBACK")
        return [set(map(repr, column)) for column in zip(*rows)] if rows else []

    def misses(self, statement, tables, facts, counts):
        """Readable lines about flows that the facts do not tell of."""
        if re.search(r"\b(ctid|xmin|tablesample)\b", statement.sql, re.I):
            return []  # a row's place is no column's value
        before = self.output(statement.sql)
        if not before or before != self.output(statement.sql):
            return []
        out, uses = [], {(c["relation"], c["number"]): set(c["uses"]) for c in facts["columns"]}
        for oid in sorted(tables):
            for number, name, assignment in self.columns.get(oid, ()):
                after = self.output(statement.sql, "SET LOCAL session_replication_role = replica; "
                                    f"UPDATE ONLY {self.table(oid)} SET {assignment}; ")
                if after is None:
                    continue
                counts["columns changed, flows compared"] += 1
                same = self.same_columns(oid, number, name)
                if any(uses.get(item, set()) & STEERS for item in same):
                    continue
                for position, column in enumerate(facts["output"]):
                    changed = not after or after[position] != before[position]
                    said = {(s["relation"], s["number"]) for s in column["sources"]}
                    if changed and not said & same and not column["unknown"]:
                        out.append(f"value of {self.schema.name(oid)}.{name} seen in {column['name']}")
        return out

    def same_columns(self, oid, number, name):
        """The column as facts may name it: of the table, or of one that it is a part of; or the whole row."""
        out = {(oid, number), (oid, 0)}
        for parent in self.schema.ancestors(oid):
            out.add((parent, 0))
            out |= {(parent, n) for (relation, n), other in self.schema.columns.items()
                    if relation == parent and other == name}
        return out
