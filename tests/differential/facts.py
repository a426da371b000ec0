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
        self.scope = path, setup, role

    def ask(self, statement):
        self.enter(*statement.scope)
        return self._ask(statement.sql)

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=20) == 0
