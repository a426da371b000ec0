#!/usr/bin/env python3
"""Measures the console's Activity page in Debian's Chromium over a log of many records:

    bench/console.py [--records 1000000] [--runs 5] [--tools build/bench/tests/tools]

Needs the target sluice_make_records, web/dist (./dev web) and the program that SLUICE_BIN names. Prints milliseconds, the median and the longest:
of the first paint of a page that was never seen before (cold) and of one whose files the browser has (warm), of when its first rows, histogram and
facets stand there, and of what people do then.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/console")]

from harness import npm  # noqa: E402
from harness.gateway import PASSWORD, Gateway  # noqa: E402
from harness.postgres import PostgresServer  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--tools", type=pathlib.Path, default=ROOT / "build/bench/tests/tools")
    options = parser.parse_args()
    packages = npm.packages("console-tests", "playwright-core@1.57", "axe-core@4.11")
    server = PostgresServer()
    gateway = Gateway(server, start=False, extra="api: { admins: [platform], auditors: [security] }",
                      env={"SLUICE_CONSOLE": str(ROOT / "web/dist")})
    gateway.cli("user", "add", "audra", "--group", "security", "--password-stdin", input=PASSWORD + "\n")
    log = gateway.root / "state/audit"
    shutil.rmtree(log, ignore_errors=True)
    subprocess.run([options.tools / "sluice_make_records", log, "--records", str(options.records), "--values"], check=True,
                   stdout=subprocess.DEVNULL)
    gateway.start()
    try:
        done = subprocess.run(["node", ROOT / "bench/console.mjs", str(options.runs)], check=True, stdout=subprocess.PIPE, text=True, env={
            **os.environ, "NODE_HOME": str(packages), "CHROMIUM": shutil.which("chromium"), "CONSOLE_URL": f"http://127.0.0.1:{gateway.http}",
            "CONSOLE_PASSWORD": PASSWORD})
        for what, times in json.loads(done.stdout).items():
            print(f"{what:<44} {statistics.median(times):7.0f} {max(times):7.0f}")
    finally:
        gateway.stop()
        server.stop()


main()
