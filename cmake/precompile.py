#!/usr/bin/env python3
"""Runs the compiler and, where that makes a precompiled header, writes beside it what is in it.

Clang writes where it ran into a precompiled header, so that no two checkouts have the same. ccache asks the .sum
instead (CCACHE_PCH_EXTSUM), which is of what the compiler read: the headers after preprocessing, with their macros.
"""

import hashlib
import os
import subprocess
import sys


def preprocessing(command):
    """The same command, only that it prints what the compiler would read."""
    said = iter(command)
    kept = []
    for word in said:
        if word in ("-o", "-MT", "-MF"):
            next(said)
        elif word == "-emit-pch":
            kept.pop()  # the -Xclang in front of it
        elif word not in ("-MD", "-c"):
            kept.append(word)
    return [*kept, "-E", "-dD"]


command = sys.argv[1:]
made = subprocess.run(command).returncode
if made == 0 and "-emit-pch" in command:
    read = subprocess.run(preprocessing(command), stdout=subprocess.PIPE, check=True).stdout
    here = os.getcwd().encode()
    with open(command[command.index("-o") + 1] + ".sum", "w") as out:
        out.write(hashlib.sha256(read.replace(here, b"")).hexdigest() + "\n")
sys.exit(made)
