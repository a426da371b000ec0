"""What Sluice's analyser says of statements: the program sluice_facts, in its mode "statements"."""

import json
import os
import subprocess


class Analyser:
    def __init__(self, conninfo):
        self.process = subprocess.Popen([os.environ["SLUICE_FACTS"], conninfo, "statements"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.scope = None

    def _ask(self, line):
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the analyser ended with {self.process.wait()} at {line!r}")
        return json.loads(answer)

    def enter(self, path, setup, role):
        if self.scope == (path, setup, role):
            return
        text = f"RESET ROLE; DISCARD TEMP; SET search_path = {path}; {setup}"
        answer = self._ask({"run": text + (f"; SET ROLE {role}" if role else "")})
        assert "error" not in answer, answer
        self.temporary = answer["temporary"]
        self.scope = path, setup, role

    def ask(self, statement, schema):
        """The facts, with the identifiers of temporary relations as `schema`'s session knows them."""
        self.enter(*statement.scope)
        facts = self._ask(statement.sql)
        if self.temporary:
            known = {int(oid): schema.temporary.get(name, 0) for oid, name in self.temporary.items()}
            translate(facts, known)
        return facts

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=20) == 0


def translate(facts, known):
    if isinstance(facts, list):
        for item in facts:
            translate(item, known)
    elif isinstance(facts, dict):
        for key in ("oid", "relation"):
            if key in facts:
                facts[key] = known.get(facts[key], facts[key])
        for item in facts.values():
            translate(item, known)
