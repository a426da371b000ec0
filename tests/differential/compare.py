"""Where an analyser's facts and the server's truth about one statement differ.

They are meant to be equal. Besides what a line of the corpus says itself (@also, @less, @every,
@refused), the facts may differ in these cases only, each of which is counted:
  partition     more: a partition that an INSERT or COPY could have put its rows in
  idle          more: reached through a row of a written table (trigger, foreign key), and no row was written
  planned only  more: reached through functions or writes of a statement that did not run
  materialized  more: what the query of a materialized view reads stands behind its rows
  unplanned     more: children of a table that the planner removed before it looked for them
  view made     more: CREATE VIEW opens only what it names, the facts look into views
  privileges    more: GRANT and REVOKE lock nothing
  system        less: views of pg_catalog and information_schema are not looked into
  key           less: a foreign key's or a partition's check looks at existence only
  row security  less: what a policy reads on the table owner's behalf
  unknown       less: the facts say that something of the statement cannot be known
  once          more: a condition that looks at no row, so that it takes all of them or none
  with itself   more: a join of a table with itself that leaves no row out
  open columns  less: "*" of a row whose type is not known, and what comes after it
  generated     more: the columns that a generated column is made of
  star          less: columns that only a * inside of the statement names, and nothing takes
  cast          more: a cast to the type that the value has already is a change of it
  merged        more: the column of a JOIN ... USING is a column of both tables
"""

import collections
import re

WRITES = ("insert", "update", "delete", "merge", "copy_in")
ROWS = {"insert": ("insert", "merge", "copy_in"), "update": ("update", "merge"), "delete": ("delete", "merge", "truncate")}
LEVELS = ("AccessShare", "RowShare", "RowExclusive", "ShareUpdateExclusive", "Share", "ShareRowExclusive", "Exclusive",
          "AccessExclusive")
NAMES = ("access_share", "row_share", "row_exclusive", "share_update_exclusive", "share", "share_row_exclusive", "exclusive",
         "access_exclusive")
WRITE_LEVEL = LEVELS.index("RowExclusive")


class Comparison:
    """One statement's; `differences` are readable lines."""

    def __init__(self, schema, statement, truth, facts, counts):
        self.schema, self.statement, self.truth, self.facts, self.counts = schema, statement, truth, facts, counts
        self.differences = []
        if bool(facts["unanalysable"]) != statement.refused or facts["unresolved"]:
            self.differ("not understood", facts["unanalysable"] or ("unresolved" if facts["unresolved"] else "understood"))
            return
        if statement.refused:
            self.counts["not understood, as is known"] += 1
            return
        self.unknown = facts["dynamic_sql"] or any(use["risk"] == "unknown" for use in facts["functions"])
        self.named, self.reached, self.by_kind, self.targets = set(), set(), collections.defaultdict(set), set()
        self.written_indirectly = set()
        for action in facts["actions"]:
            for target in action["targets"]:
                oid = target["oid"]
                self.targets.add(oid)
                if schema.kind(oid) in "rpvmf":
                    self.by_kind[action["kind"]].add(oid)
                    (self.reached if target["reached"] else self.named).add(oid)
                    if target["reached"] and action["kind"] in WRITES:
                        self.written_indirectly.add(oid)
        self.found = self.named | self.reached
        self.written = set().union(*(self.by_kind[kind] for kind in WRITES))
        self.compare_relations()
        self.compare_plan()
        self.compare_changes()
        self.compare_locks()
        self.compare_bounds()
        self.compare_columns()
        self.compare_functions()
        self.compare_output()

    def differ(self, what, detail):
        self.differences.append(f"{what}: {detail}")

    def names(self, oids):
        return ", ".join(sorted(self.schema.name(oid) for oid in oids))

    def relations_in(self, locks):
        return {oid for oid in locks or () if self.schema.kind(oid) in "rpvmf"}

    def oids(self, names):
        return {self.schema.by_name[name] for name in names if name in self.schema.by_name}

    def take(self, what, oids, excused):
        taken = oids & excused
        if taken:
            self.counts[what] += 1
            oids.difference_update(taken)

    def excuse_extra(self, extra, reached):
        """Takes from `extra` what may be more than the server shows."""
        schema = self.schema
        self.take("more: corpus", extra, {oid for oid in extra if schema.name(oid) in self.statement.also})
        into = self.by_kind["insert"] | self.by_kind["copy_in"] | self.by_kind["merge"]
        self.take("more: partition", extra, self.with_parts(into) - self.named)
        if self.truth.run is None:
            if self.written or self.facts["functions"]:
                self.take("more: planned only", extra, reached)
        elif any(not self.was_changed(oid) for oid in self.written if schema.kind(oid) in "rp"):
            self.take("more: idle", extra, reached)
        self.take("more: materialized", extra, self.behind(oid for oid in self.found if schema.kind(oid) == "m"))
        planned = self.relations_in(self.truth.locks)
        self.take("more: unplanned", extra, self.with_parts(planned - self.oids(self.truth.plan or ())) - planned)
        if self.facts["kind"] in ("CREATE VIEW", "CREATE MATERIALIZED VIEW"):
            self.take("more: view made", extra, reached)
        self.take("more: privileges", extra, self.by_kind["grant"] | self.by_kind["revoke"])
        return extra

    def excuse_missing(self, missing):
        schema = self.schema
        self.take("less: corpus", missing, {oid for oid in missing if schema.name(oid) in self.statement.less})
        self.take("less: system", missing, {oid for oid in missing if oid < 16384})
        self.take("less: row security", missing, set().union(*(schema.policy_reads.get(oid, set()) for oid in self.found)))
        if self.unknown:
            self.take("less: unknown", missing, set(missing))
        return missing

    def with_parts(self, oids):
        return set().union(*(self.schema.descendants(oid) | {oid} for oid in oids))

    def with_wholes(self, oids):
        return set().union(*(self.schema.ancestors(oid) | {oid} for oid in oids))

    def behind(self, views):
        """All that the queries of these views name, and the views in them."""
        found, queue = set(), list(views)
        while queue:
            for oid, _ in self.schema.view_columns.get(queue.pop(), ()):
                if oid not in found:
                    found.add(oid)
                    queue.append(oid)
        return found

    def was_changed(self, oid):
        return any(part in self.truth.changed for part in self.schema.descendants(oid) | {oid})

    def checks(self, run, planned):
        """Relations that only checks of keys and partitions looked at."""
        touched = self.with_wholes(oid for oid, modes in run.items() if "RowExclusive" in modes)
        near = self.with_parts(set().union(*(self.schema.referencing.get(oid, set()) | self.schema.referenced.get(oid, set())
                                             for oid in touched)))
        return {oid for oid, modes in run.items() if oid not in planned
                and (oid in near and modes <= {"RowShare", "AccessShare"} or oid in touched and modes <= {"AccessShare"})}

    def compare_relations(self):
        truth = self.truth
        if truth.locks is None and truth.run is None:
            return
        planned, run = self.relations_in(truth.locks), self.relations_in(truth.run)
        self.counts["locks after planning" if truth.locks is not None else "locks after running only"] += 1
        if truth.run is not None:
            self.counts["locks after running"] += 1
            # The counting itself looks at these.
            run = {oid for oid in run if oid >= 16384}
        missing = (planned | run) - self.found
        # A partition's bounds are its parents' to tell.
        self.take("less: key", missing, {oid for oid in self.with_wholes(self.found)
                                         if (truth.locks or {}).get(oid, {"AccessShare"}) <= {"AccessShare"}})
        self.take("less: key", missing, self.checks({oid: truth.run[oid] for oid in run}, planned))
        if self.excuse_missing(missing):
            self.differ("relations missing", self.names(missing))
        extra = self.excuse_extra(self.found - planned - run, self.reached - self.named)
        if extra:
            self.differ("relations too many", self.names(extra))

    def compare_plan(self):
        if self.truth.plan is None:
            return
        self.counts["plan"] += 1
        plan = self.oids(self.truth.plan)
        missing = self.excuse_missing(plan - self.targets)
        if missing:
            self.differ("relations of the plan missing", self.names(missing))
        # What is said beyond the plan must have been locked: the planner removed it.
        beyond = {oid for oid in self.found - plan if self.schema.kind(oid) in "rmf"}
        removed = beyond & (self.relations_in(self.truth.locks) | self.relations_in(self.truth.run))
        if removed:
            self.counts["plan: removed by the planner, compared by locks"] += 1

    def compare_changes(self):
        if self.truth.changed is None:
            return
        if self.truth.changed:
            self.counts["rows changed"] += 1
        for oid, kinds in self.truth.changed.items():
            if oid not in self.schema.relations:
                continue
            for kind in kinds:
                said = set().union(*(self.by_kind[k] for k in ROWS[kind])) | self.by_kind["maintenance"]
                # An UPDATE that moves a row to another partition deletes it here and inserts it there.
                if kind != "update" and self.schema.ancestors(oid) & self.by_kind["update"]:
                    said = said | self.by_kind["update"]
                if oid not in said and not self.unknown:
                    self.differ(f"rows {kind}d unseen", self.schema.name(oid))

    def compare_locks(self):
        truth = self.truth
        if truth.locks is None and truth.run is None:
            return
        modes = collections.defaultdict(set)
        for source in (truth.locks, truth.run):
            for oid, some in (source or {}).items():
                # What checks of keys add after planning is not the statement's own.
                modes[oid] |= some - {"SIRead"} - ({"RowShare"} if source is truth.run and truth.locks else set())
        said, readers = collections.defaultdict(int), set()
        for action in self.facts["actions"]:
            for target in action["targets"]:
                if action["lock"]:
                    said[target["oid"]] = max(said[target["oid"]], NAMES.index(action["lock"]))
                    if action["kind"] == "read":
                        readers.add(target["oid"])
        wrong = []
        for oid in self.named:
            if oid < 16384 or not modes[oid] or oid not in said or self.facts["kind"] == "EXPLAIN":
                continue
            strongest = max(LEVELS.index(mode) for mode in modes[oid])
            # What triggers would write, they need not have written: in this run no row may have moved.
            if oid in self.written_indirectly and (truth.run is None or strongest < said[oid]):
                continue
            # A read speaks for all its targets: of several tables some may be locked FOR UPDATE.
            if strongest != said[oid] and not (oid in readers and strongest < said[oid] <= LEVELS.index("RowShare")):
                wrong.append(f"{self.schema.name(oid)} {NAMES[strongest]}, not {NAMES[said[oid]]}")
        if wrong:
            self.differ("lock level", "; ".join(sorted(wrong)))
        if truth.locks is not None:
            written = {oid for oid in self.relations_in(truth.locks)
                       if max((LEVELS.index(mode) for mode in truth.locks[oid]), default=0) == WRITE_LEVEL}
            self.counts["writes"] += bool(written)
            missing = self.excuse_missing(written - self.written)
            if missing:
                self.differ("writes missing", self.names(missing))
            ran = {oid for oid, some in (truth.run or {}).items() if "RowExclusive" in some}
            extra = self.excuse_extra(self.written - written - ran, self.written_indirectly)
            if extra:
                self.differ("writes too many", self.names(extra))

    def compare_bounds(self):
        if self.truth.unfiltered is None:
            return
        said = set()
        for action in self.facts["actions"]:
            if action["without_where"]:
                said |= {target["oid"] for target in action["targets"]}
        self.counts["without WHERE"] += bool(self.truth.unfiltered)
        missing = self.oids(self.truth.unfiltered) - said
        if missing:
            self.differ("without_where missing", self.names(missing))
        # A view's own condition, a rule's and a policy's are not the statement's.
        beside = any(self.schema.is_view(oid) or oid in self.schema.ruled or oid in self.schema.policy_reads for oid in said)
        if said and self.truth.once:
            self.counts["more: once"] += 1
        elif said and any(self.truth.scans[relation] > 1 for relation in self.truth.plan or () if self.oids({relation}) & said):
            self.counts["more: with itself"] += 1  # joined by its own columns, of which the plan tells as of any condition
        elif said and " IS NOT NULL" in self.statement.sql:
            self.counts["more: never null"] += 1  # the plan keeps the condition, whatever the column's definition says
        elif said and not self.truth.loose and self.truth.plan and not beside and not self.statement.every:
            self.differ("without_where too much", self.names(said))

    def compare_columns(self):
        named = self.truth.columns
        if named is None:
            return
        self.counts["columns"] += 1
        schema = self.schema
        said = {(column["relation"], column["number"]) for column in self.facts["columns"]}
        said |= {(column["relation"], column["number"]) for column in self.facts["written"]}
        lower = set()
        for oid, column in named:
            if column > 0:
                base = schema.base_column(oid, column)
                if base and base[1] > 0:
                    lower.add(base)
        missing = {item for item in lower - said if (item[0], 0) not in said}
        opened = self.relations_in(self.truth.locks) | self.relations_in(self.truth.run)
        missing = {item for item in missing if item[0] in opened and item[0] >= 16384}
        if missing and "*" in self.statement.sql:
            self.counts["less: star"] += 1
        elif missing:
            self.differ("columns missing", self.column_names(missing))
        upper = schema.reached_columns(named)
        tables = {oid for oid, _ in upper}
        # Bodies of functions, rules and triggers speak of columns that the statement does not.
        beyond = (self.found - tables) | self.behind(oid for oid in self.found if schema.kind(oid) == "m")
        made = {oid for oid, column in said & schema.generated}
        extra = {(oid, column) for oid, column in said - upper
                 if column > 0 and oid not in beyond | made and (oid, 0) not in upper and not (oid in self.written or self.facts["functions"])}
        if extra:
            self.differ("columns too many", self.column_names(extra))

    def column_names(self, columns):
        return ", ".join(sorted(f"{self.schema.name(oid)}.{self.schema.column(oid, column)}" for oid, column in columns))

    def compare_functions(self):
        if self.truth.functions is None:
            return
        users = self.schema.user_functions
        true = {oid for oid in self.truth.functions if oid in users}
        true |= {self.schema.operator_functions.get(oid) for oid in self.truth.operators} & set(users)
        said = {use["oid"] for use in self.facts["functions"]}
        direct = {use["oid"] for use in self.facts["functions"] if not use["reached"] and use["oid"] in users}
        self.counts["functions"] += bool(true)
        # A function's name is no call of it.
        if true - said and "regproc" not in self.statement.sql:
            self.differ("functions missing", ", ".join(sorted(users[oid] for oid in true - said)))
        if direct - true:
            self.differ("functions too many", ", ".join(sorted(users[oid] for oid in direct - true)))

    def compare_output(self):
        origins = self.truth.origins
        # SHOW, EXPLAIN and the like answer with what is no table's.
        if origins is None or self.truth.columns is None and not self.truth.plan:
            return
        output = self.facts["output"]
        opened = [position for position, column in enumerate(output) if column["name"] == "*"]
        if opened:
            # What follows may stand anywhere: consumers must take it for unknown.
            self.counts["less: open columns"] += 1
            output, origins = output[:opened[0]], origins[:opened[0]]
        elif len(output) != len(origins):
            self.differ("output columns", f"{len(output)}, not {len(origins)}")
            return
        self.counts["output"] += bool(origins)
        for column, (name, oid, number) in zip(output, origins):
            # What one relation's column shows as it is, the server names itself.
            if column["name"] != name:
                self.differ("output name", f"{column['name']}, not {name}")
            base = self.schema.base_column(oid, number) if oid and number > 0 else None
            sources = {(s["relation"], s["number"]) for s in column["sources"]}
            if base in sources and len(sources) > 1:
                others = sources - {base}
                if base in self.schema.generated and {oid for oid, _ in others} == {base[0]}:
                    self.counts["more: generated"] += 1
                    continue
                if self.schema.kind(base[0]) == "m" and {oid for oid, _ in others} <= self.behind([base[0]]):
                    self.counts["more: materialized"] += 1
                    continue
                joined = re.search(r"\b(using|natural)\b", self.statement.sql, re.I)
                if joined and all(source["as_is"] for source in column["sources"]):
                    self.counts["more: merged"] += 1
                    continue
            if base and base[1] > 0:
                self.counts["output columns with an origin"] += 1
                as_is = all(source["as_is"] for source in column["sources"])
                if not as_is and all(f.startswith("::") for source in column["sources"] for f in source["functions"]):
                    self.counts["more: cast"] += 1  # to the type that it has
                    as_is = True
                if column["unknown"] and sources == {base} and re.search(r"\breturning\b", self.statement.sql, re.I):
                    self.counts["less: returned by a rule"] += 1  # under the name of a column it may send something else
                    continue
                if sources != {base} or not as_is or column["unknown"]:
                    self.differ(f"origin of {name}", f"{self.column_names([base])}, not "
                                f"{self.column_names(sources) or 'nothing'}{'' if as_is else ' (changed)'}"
                                f"{' or unknown' if column['unknown'] else ''}")
