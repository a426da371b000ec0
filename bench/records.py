#!/usr/bin/env python3
"""Writes an audit log through the real writer and measures questions to it:

    bench/records.py [--records 10000000] [--runs 40] [--folder DIR] [--values] [--archive]

Needs build/bench configured with -DSLUICE_TESTS=ON, and its targets sluice_make_records and sluice_measure_search.
With --archive all segments are compressed first (zstd), as `audit.archive` does it.
Prints the disk taken a record, part by part and in all, and for each kind of question p50, p95 and the longest, in milliseconds.
"""

import argparse
import pathlib
import shutil
import subprocess
import tempfile

TOOLS = pathlib.Path(__file__).resolve().parent.parent / "build/bench/tests/tools"


def size(path):
    return sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) if path.is_dir() else path.stat().st_size


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--values", action="store_true", help="with values that were shown, for who-saw and subjects")
    parser.add_argument("--archive", action="store_true", help="compress the segments before they are measured and searched")
    parser.add_argument("--folder", type=pathlib.Path, help="kept afterwards; used as it is when it is there")
    options = parser.parse_args()
    folder = options.folder or pathlib.Path(tempfile.mkdtemp(prefix="sluice-records-"))
    try:
        if not (folder / "index.db").exists():
            subprocess.run([TOOLS / "sluice_make_records", folder, "--records", str(options.records),
                            *(["--values"] if options.values else [])], check=True)
        if options.archive:
            subprocess.run([TOOLS / "sluice_make_records", folder, "--archive"], check=True)
        parts = {name: size(folder / name) / options.records for name in ("log", "index.db", "tlog")}
        for name, each in (*parts.items(), ("in all", sum(parts.values()))):
            print(f"{name:<10} {each:8.1f} bytes a record")
        subprocess.run([TOOLS / "sluice_measure_search", folder, "--runs", str(options.runs)], check=True)
    finally:
        if options.folder is None:
            shutil.rmtree(folder)


main()
