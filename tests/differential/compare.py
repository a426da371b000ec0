"""Where an analyser's facts and the server's truth about one statement differ.

They are meant to be equal. The facts may name more in these cases only, each of which is counted:
  branch      said so in the corpus (@also): a branch of a function that this run did not take
  partition   a partition that an INSERT or COPY could have put its rows in
  idle        reached through a row of a written table (trigger, foreign key), and no row was written
  unrun       reached through functions or writes of a statement that was planned only
A foreign key's look-up of the row it points to reads no more than its existence: the facts may
leave it out ("key").
"""

import collections

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
        if facts["unanalysable"] or facts["unresolved"]:
            self.differ("not understood", facts["unanalysable"] or "unresolved")
            return
        self.named, self.reached, self.by_kind = set(), set(), collections.defaultdict(set)
        for action in facts["actions"]:
            for target in action["targets"]:
                oid = target["oid"]
                if schema.kind(oid) in "rpvmf":
                    self.by_kind[action["kind"]].add(oid)
                    (self.reached if target["reached"] else self.named).add(oid)
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

    def excuse(self, extra):
        """Takes from `extra` what may be more than the server shows."""
        def take(reason, oids):
            taken = extra & oids
            if taken:
                self.counts[f"more: {reason}"] += 1
                extra.difference_update(taken)
        take("branch", {oid for oid in extra if self.schema.name(oid) in self.statement.also})
        into = self.by_kind["insert"] | self.by_kind["copy_in"] | self.by_kind["merge"]
        take("partition", set().union(*(self.schema.descendants(oid) for oid in into)) - self.named)
        if self.truth.run is None:
            if self.written or self.facts["functions"]:
                take("unrun", self.reached - self.named)
        elif any(not self.was_changed(oid) for oid in self.written - self.reached):
            take("idle", self.reached - self.named)
        return extra

    def was_changed(self, oid):
        return any(part in self.truth.changed for part in self.schema.descendants(oid) | {oid})

    def key_lookups(self, run, planned):
        """Relations that only foreign keys' checks looked at."""
        touched = {oid for oid, modes in run.items() if "RowExclusive" in modes}
        near = set().union(*(self.schema.referencing.get(oid, set()) | self.schema.referenced.get(oid, set())
                             for oid in touched | set().union(*(self.schema.ancestors(oid) for oid in touched))))
        near |= set().union(*(self.schema.descendants(oid) for oid in near))
        return {oid for oid, modes in run.items() if oid in near and oid not in planned and modes <= {"RowShare"}}

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
        keys = self.key_lookups({oid: truth.run[oid] for oid in run}, planned)
        missing = (planned | run) - keys - self.found
        if missing:
            self.differ("relations missing", self.names(missing))
        extra = self.excuse(self.found - planned - run)
        if extra:
            self.differ("relations too many", self.names(extra))

    def compare_plan(self):
        if self.truth.plan is None:
            return
        self.counts["plan"] += 1
        plan = self.oids(self.truth.plan)
        missing = plan - self.found
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
                said = set().union(*(self.by_kind[k] for k in ROWS[kind]))
                # An UPDATE that moves a row to another partition deletes it here and inserts it there.
                if kind != "update" and self.schema.ancestors(oid) & self.by_kind["update"]:
                    said = said | self.by_kind["update"]
                if oid not in said:
                    self.differ(f"rows {kind}d unseen", self.schema.name(oid))

    def compare_locks(self):
        truth = self.truth
        if truth.locks is None and truth.run is None:
            return
        modes = collections.defaultdict(set)
        for source in (truth.locks, truth.run):
            for oid, some in (source or {}).items():
                modes[oid] |= some
        said = collections.defaultdict(int)
        for action in self.facts["actions"]:
            for target in action["targets"]:
                if action["lock"]:
                    said[target["oid"]] = max(said[target["oid"]], NAMES.index(action["lock"]) + 1)
        wrong = []
        for oid in self.named:
            if oid < 16384 or not modes[oid] - {"SIRead"}:
                continue
            strongest = max(LEVELS.index(mode) for mode in modes[oid] - {"SIRead"}) + 1
            if strongest != said[oid]:
                wrong.append(f"{self.schema.name(oid)} {NAMES[strongest - 1]}, not {(('none',) + NAMES)[said[oid]]}")
        if wrong:
            self.differ("lock level", "; ".join(sorted(wrong)))
        if truth.locks is not None:
            written = {oid for oid in self.relations_in(truth.locks) if oid >= 16384
                       and max((LEVELS.index(mode) for mode in truth.locks[oid]), default=0) == WRITE_LEVEL}
            self.counts["writes"] += bool(written)
            if written - self.written:
                self.differ("writes missing", self.names(written - self.written))
            ran = {oid for oid, some in (truth.run or {}).items() if "RowExclusive" in some}
            extra = self.excuse(self.written - written - ran)
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
        if said and not self.truth.unfiltered and self.truth.plan:
            self.differ("without_where too much", self.names(said))

    def compare_columns(self):
        named = self.truth.columns
        if named is None:
            return
        self.counts["columns"] += 1
        schema = self.schema
        said = {(column["relation"], column["column"]) for column in self.facts["columns"]}
        said |= {(column["relation"], column["column"]) for column in self.facts["written"]}
        lower = set()
        for oid, column in named:
            if column > 0:
                base = schema.base_column(oid, column)
                if base and base[1] > 0:
                    lower.add(base)
        missing = {item for item in lower - said if (item[0], 0) not in said}
        if missing:
            self.differ("columns missing", self.column_names(missing))
        upper = schema.reached_columns(named)
        tables = {oid for oid, _ in upper}
        # Bodies of functions, rules and triggers speak of columns that the statement does not.
        beyond = self.found - tables
        extra = {(oid, column) for oid, column in said - upper
                 if column > 0 and oid not in beyond and not (oid in self.written or self.facts["functions"])}
        if extra:
            self.differ("columns too many", self.column_names(extra))

    def column_names(self, columns):
        return ", ".join(sorted(f"{self.schema.name(oid)}.{self.schema.column(oid, column)}" for oid, column in columns))

    def compare_functions(self):
        if self.truth.functions is None:
            return
        users = self.schema.user_functions
        true = {oid for oid in self.truth.functions if oid in users}
        true |= {self.schema.operator_functions[oid] for oid in self.truth.operators if oid in self.schema.operator_functions}
        said = {use["oid"] for use in self.facts["functions"]}
        direct = {use["oid"] for use in self.facts["functions"] if not use["reached"] and use["oid"] in users}
        self.counts["functions"] += bool(true)
        if true - said:
            self.differ("functions missing", ", ".join(sorted(users[oid] for oid in true - said)))
        if direct - true:
            self.differ("functions too many", ", ".join(sorted(users[oid] for oid in direct - true)))

    def compare_output(self):
        origins = self.truth.origins
        if origins is None:
            return
        output = self.facts["output"]
        if len(output) != len(origins):
            self.differ("output columns", f"{len(output)}, not {len(origins)}")
            return
        self.counts["output"] += bool(origins)
        for column, (name, oid, number) in zip(output, origins):
            # What one relation's column shows as it is, the server names itself.
            if column["name"] != name:
                self.differ("output name", f"{column['name']}, not {name}")
            base = self.schema.base_column(oid, number) if oid and number > 0 else None
            sources = {(s["relation"], s["column"]) for s in column["sources"]}
            if base and base[1] > 0:
                self.counts["output columns with an origin"] += 1
                as_is = all(source["as_is"] for source in column["sources"])
                if sources != {base} or not as_is or column["unknown"]:
                    self.differ(f"origin of {name}", f"{self.column_names([base])}, not "
                                f"{self.column_names(sources) or 'nothing'}{'' if as_is else ' (changed)'}"
                                f"{' or unknown' if column['unknown'] else ''}")
