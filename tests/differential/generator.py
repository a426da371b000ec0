"""Random statements over schema.sql, always the same ones for the same seed. Not all are valid: the
server is asked, and only what it accepts is compared."""

import random

from corpus import Statement


def quote(name):
    return '"' + name.replace('"', '""') + '"'


class Generator:
    def __init__(self, seed, relations):
        """`relations`: (schema, name, kind, columns) of tables and views, in a fixed order."""
        self.random = random.Random(seed)
        self.relations = relations
        self.count = 0

    def chance(self, share):
        return self.random.random() < share

    def fresh(self, prefix):
        self.count += 1
        return f"{prefix}{self.count}"

    def alias(self, prefix):
        """Mostly its own name; else one of few, so that names of inner and outer queries meet."""
        return self.random.choice(("x", "y", "users")) if self.chance(0.15) else self.fresh(prefix)

    def relation(self):
        schema, name, _, columns = self.random.choice(self.relations)
        text = quote(name) if schema == "public" and self.chance(0.5) else f"{quote(schema)}.{quote(name)}"
        return text, name, columns

    def from_item(self, depth, ctes, outer):
        """(text, alias, columns)"""
        kind = self.random.random()
        if ctes and kind < 0.25:
            name, columns = self.random.choice(ctes)
            alias = self.alias("c")
            return f"{quote(name)} AS {alias}", alias, columns
        if depth > 0 and kind < 0.45:
            alias = self.alias("s")
            lateral = bool(outer) and self.chance(0.4)
            text, columns = self.query(depth - 1, ctes, outer if lateral else [])
            if self.chance(0.3):
                columns = [f"k{n}" for n in range(len(columns))]
                return f"{'LATERAL ' if lateral else ''}({text}) AS {alias} ({', '.join(columns)})", alias, columns
            return f"{'LATERAL ' if lateral else ''}({text}) AS {alias}", alias, columns
        if kind < 0.5:
            alias = self.alias("f")
            argument = self.value(outer) if outer and self.chance(0.5) else "1"
            return f"app.orders_of(length(({argument})::text)) AS {alias}", alias, ["id", "user_id", "total"]
        text, name, columns = self.relation()
        if self.chance(0.85):
            alias = self.alias("t")
            return f"{text} AS {alias}", alias, columns
        return text, quote(name), columns

    def from_clause(self, depth, ctes, outer):
        text, alias, columns = self.from_item(depth, ctes, [])
        scope = [(alias, columns)]
        for _ in range(self.random.choice((0, 0, 1, 1, 2))):
            item, alias, columns = self.from_item(depth, ctes, scope)
            style = self.random.choice((",", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN", "USING"))
            if item.startswith(("LATERAL", "app.")) and style in ("RIGHT JOIN", "FULL JOIN", "USING"):
                style = "LEFT JOIN"
            inner = [(alias, columns)]
            shared = [c for c in columns if sum(c in other for _, other in scope) == 1]
            if style == ",":
                text = f"{text}, {item}"
            elif style == "CROSS JOIN":
                text = f"{text} CROSS JOIN {item}"
            elif style == "USING" and shared and "," not in text:
                text = f"{text} JOIN {item} USING ({quote(self.random.choice(shared))})"
            elif style in ("FULL JOIN", "USING"):
                text = f"{text} JOIN {item} ON {self.column(inner)}::text = 'x'"
            else:
                text = f"{text} {style} {item} ON {self.column(inner)}::text = {self.column(scope[-1:])}::text"
            scope += inner
        return text, scope

    def column(self, scope):
        alias, columns = self.random.choice(scope)
        return f"{alias}.{quote(self.random.choice(columns))}"

    def value(self, scope, depth=0, ctes=()):
        kind = self.random.random()
        one = self.column(scope)
        if kind < 0.45:
            return one
        if kind < 0.55:
            return f"upper({one}::text)"
        if kind < 0.65:
            return f"{one}::text || {self.column(scope)}::text"
        if kind < 0.72:
            return f"coalesce({one}::text, {self.column(scope)}::text, 'none')"
        if kind < 0.8:
            return f"CASE WHEN {self.predicate(scope, 0, ctes)} THEN {one}::text ELSE {self.column(scope)}::text END"
        if kind < 0.85:
            return f"row_to_json({self.random.choice(scope)[0]})"
        if kind < 0.88:
            return f"ARRAY[{one}::text, {self.column(scope)}::text]"
        if depth > 0:
            text, _ = self.query(depth - 1, ctes, scope, width=1)
            return f"({text} LIMIT 1)" if " LIMIT " not in text else f"(SELECT x.* FROM ({text}) x LIMIT 1)"
        return f"md5({one}::text)"

    def predicate(self, scope, depth, ctes):
        kind = self.random.random()
        one = f"{self.column(scope)}::text"
        if kind < 0.35:
            other = f"{self.column(scope)}::text"
            # x = x is a condition to the planner, and none to who reads it.
            return f"{one} = {other}" if one != other else f"{one} > 'x'"
        if kind < 0.55:
            return f"{one} LIKE 'a%'"
        if kind < 0.65:
            return f"{one} IS NOT NULL AND NOT ({self.column(scope)}::text < 'm')"
        if depth > 0 and kind < 0.8:
            text, _ = self.query(depth - 1, ctes, scope, width=1)
            return f"EXISTS ({text})"
        if depth > 0:
            text, columns = self.query(depth - 1, ctes, scope, width=1)
            return f"{one} IN (SELECT q.{quote(columns[0])}::text FROM ({text}) q)"
        return f"{one} <> 'x'"

    def select(self, depth, ctes, outer, width):
        text, scope = self.from_clause(depth, ctes, outer)
        everything = scope + outer if outer and self.chance(0.5) else scope
        width = width or self.random.randint(1, 4)
        names = [self.fresh("o") for _ in range(width)]
        grouped = self.chance(0.2)
        if grouped:
            keys = [self.column(scope) + "::text" for _ in range(width - 1)]
            values = keys + [f"{self.random.choice(('max', 'min', 'count'))}({self.column(scope)}::text)"]
        else:
            values = [self.value(everything, depth, ctes) for _ in range(width)]
        out = "SELECT " + ("DISTINCT " if not grouped and self.chance(0.08) and not any("json" in value for value in values) else "")
        out += ", ".join(f"{v} AS {n}" for v, n in zip(values, names)) + f" FROM {text}"
        if self.chance(0.6):
            out += f" WHERE {self.predicate(everything, depth, ctes)}"
        if grouped and keys:
            out += f" GROUP BY {', '.join(keys)}"
            if self.chance(0.3):
                out += f" HAVING count({self.column(scope)}) > 0"
        return out, names

    def query(self, depth, ctes=(), outer=(), width=None):
        ctes, outer = list(ctes), list(outer)
        head = ""
        if depth > 0 and self.chance(0.25):
            parts = []
            for _ in range(self.random.randint(1, 2)):
                name = self.random.choice(("users", "orders", "t1")) if self.chance(0.3) else self.fresh("w")
                if any(name == other for other, _ in parts):
                    continue
                text, columns = self.query(depth - 1, ctes)
                ctes = [(n, c) for n, c in ctes if n != name] + [(name, columns)]
                parts.append((name, f"{quote(name)} AS ({text})"))
            head = "WITH " + ", ".join(text for _, text in parts) + " "
        text, names = self.select(depth, ctes, outer, width)
        if depth > 0 and self.chance(0.15):
            other, others = self.select(depth - 1, ctes, outer, len(names))
            left = ", ".join(f"l.{n}::text" for n in names)
            right = ", ".join(f"r.{n}::text" for n in others)
            word = self.random.choice(("UNION", "UNION ALL", "INTERSECT", "EXCEPT"))
            text = f"SELECT {left} FROM ({text}) l {word} SELECT {right} FROM ({other}) r"
        elif self.chance(0.15):
            text += " ORDER BY 1 LIMIT 3"
        return head + text, names

    def write(self):
        tables = [r for r in self.relations if r[2] in "rp"]
        schema, name, _, columns = self.random.choice(tables)
        target = f"{quote(schema)}.{quote(name)}"
        kind = self.random.random()
        column = self.random.choice(columns)
        if kind < 0.3:
            source, names = self.query(1, width=1)
            return f"INSERT INTO {target} ({quote(column)}) SELECT NULL FROM ({source}) s WHERE s.{quote(names[0])} IS NOT NULL"
        item, alias, others = self.from_item(1, [], [])
        scope = [("z", columns), (alias, others)]
        where = f" WHERE {self.predicate(scope, 1, [])}" if self.chance(0.85) else ""
        back = f" RETURNING {self.value(scope)} AS r" if self.chance(0.4) else ""
        if kind < 0.65:
            return f"UPDATE {target} AS z SET {quote(column)} = DEFAULT FROM {item}{where}{back}"
        return f"DELETE FROM {target} AS z USING {item}{where}{back}"

    def statement(self, number):
        sql = self.write() if self.chance(0.2) else self.query(2)[0]
        return Statement(f"random:{number}", sql)


def relations_of(session):
    return [tuple(row) for row in session.execute(
        "SELECT nspname, relname, relkind::text, array_agg(attname::text ORDER BY attnum)"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_attribute a ON attrelid = c.oid"
        " WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND c.oid >= 16384 AND attnum > 0 AND NOT attisdropped"
        " GROUP BY 1, 2, 3 ORDER BY nspname COLLATE \"C\", relname COLLATE \"C\"")]
