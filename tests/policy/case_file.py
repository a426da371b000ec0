"""The corpus' text files (README.md): what a case is, and reading one."""

import dataclasses
import pathlib
import re

KINDS = ("human", "agent", "service")
BY_TURNS = ("human", "agent")  # where a case does not say who
VERBS = ("query", "extended", "copy", "wire")
KEYS = ("as", "via", "expect", "rule", "sqlstate", "startup", "prelude")


class BadCase(Exception):
    pass


@dataclasses.dataclass
class Step:
    verb: str
    arguments: str  # of extended: the parameters' values, as a shell splits them; of wire: how many ReadyForQuery
    text: str


@dataclasses.dataclass
class Case:
    file: str
    line: int
    name: str
    refused: bool
    kinds: list  # each runs on its own
    prelude: list  # statements that must succeed
    rule: str  # the rule that must have refused; "" for any
    sqlstates: list  # what a refusal may look like
    startup: dict  # more start-up parameters
    steps: list


def expand(text, **names):
    """Replaces {{ expression }} by what Python makes of it: for padding, many rows, odd characters."""
    scope = {"repeat": lambda count, piece, glue="": glue.join(piece.replace("#", str(i + 1)) for i in range(count)),
             "char": chr, **names}
    return re.sub(r"\{\{(.*?)\}\}", lambda found: str(eval(found[1].strip(), scope)), text, flags=re.DOTALL)


def read_keys(lines, where):
    """Takes the leading `key: value` lines and comments off `lines`."""
    keys = {"prelude": []}
    while lines:
        line = lines[0][1].strip()
        found = re.match(r"(\w+):\s*(.*)$", line)
        if found and found[1] in KEYS:
            if found[1] == "prelude":
                keys["prelude"].append(found[2])
            else:
                keys[found[1]] = found[2]
        elif line and not line.startswith("#"):
            break
        lines.pop(0)
    return keys


def read_steps(lines, via, where):
    """The body: one statement, or steps that begin with `> verb`."""
    if lines and lines[0][1].startswith("> "):
        steps = []
        for number, line in lines:
            if line.startswith("> "):
                verb, _, arguments = line[2:].strip().partition(" ")
                if verb not in VERBS:
                    raise BadCase(f"{where}, line {number}: unknown step {verb!r}; known: {', '.join(VERBS)}")
                steps.append(Step(verb, arguments, ""))
            else:
                steps[-1].text += line + "\n"
        return [steps]
    text = "\n".join(line for _, line in lines)
    if not text.strip():
        raise BadCase(f"{where}: no statement")
    return [[Step(verb, "", text)] for verb in via]


def words(text):
    return [word.strip() for word in text.split(",") if word.strip()]


def read_case(file, number, name, lines, defaults):
    where = f"{file}:{number} ({name})"
    while lines and not lines[-1][1].strip():
        lines.pop()
    keys = read_keys(lines, where)
    merged = {"as": BY_TURNS[number % 2], "via": "query", **{k: v for k, v in defaults.items() if k != "prelude"},
              **{k: v for k, v in keys.items() if k != "prelude"}}
    if merged.get("expect") not in ("refused", "allowed"):
        raise BadCase(f"{where}: expect must be refused or allowed")
    kinds = words(merged["as"])
    if not kinds or set(kinds) - set(KINDS):
        raise BadCase(f"{where}: as must be of {', '.join(KINDS)}")
    via = words(merged["via"])
    startup = dict(pair.strip().split("=", 1) for pair in merged.get("startup", "").split(";") if pair.strip())
    variants = read_steps(lines, via, where)
    for steps in variants:
        for step in steps:
            step.text = step.text.rstrip("\n")
    return [Case(file, number, name if len(variants) == 1 else f"{name} ({steps[0].verb})",
                 merged["expect"] == "refused", kinds, defaults["prelude"] + keys["prelude"], merged.get("rule", ""),
                 ["42501"] + words(merged.get("sqlstate", "")), startup, steps) for steps in variants]


def read_file(path):
    lines = list(enumerate(path.read_text(encoding="utf-8").splitlines(), 1))
    starts = [i for i, (_, line) in enumerate(lines) if line.startswith("== ")] + [len(lines)]
    head = lines[:starts[0]]
    defaults = read_keys(head, str(path))
    if head:
        raise BadCase(f"{path.name}:{head[0][0]}: {head[0][1]!r} before the first case")
    cases = []
    for start, end in zip(starts, starts[1:]):
        number, line = lines[start]
        cases += read_case(path.name, number, line[3:].strip(), lines[start + 1:end], defaults)
    return cases


def read_corpus(folder):
    cases = [case for path in sorted(pathlib.Path(folder).glob("*.test")) for case in read_file(path)]
    seen = set()
    for case in cases:
        if (case.file, case.name) in seen:
            raise BadCase(f"{case.file}:{case.line}: a second case named {case.name!r}")
        seen.add((case.file, case.name))
    return cases
