"""Checks what the compiler does not: layers between rooms, adapters, file sizes, headers alone.

Reads docs/layers.toml. Prints one line a problem and exits 1 if there is any.
"""

import pathlib
import re
import sys
import tomllib

import headers

MAX_LINES = 500
ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^">]+)[">]')


def room_of(path: str) -> str:
    return path.split("/")[0].removesuffix(".cc")


def main() -> int:
    layers = tomllib.loads((ROOT / "docs/layers.toml").read_text())
    rooms, adapters = layers["rooms"], layers["adapters"]
    problems = []
    for file in sorted((ROOT / "src").rglob("*")):
        if file.suffix not in (".h", ".cc"):
            continue
        name = str(file.relative_to(ROOT / "src"))
        lines = file.read_text().splitlines()
        is_test = name.endswith(("_test.cc", "_bench.cc"))
        if len(lines) > MAX_LINES and not is_test:
            problems.append(f"src/{name}: {len(lines)} lines; two concepts? (at most {MAX_LINES})")
        room = room_of(name)
        for number, line in enumerate(lines, 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            kind, target = found.groups()
            if kind == '"':
                other = room_of(target)
                if other != room and other not in rooms.get(room, []):
                    problems.append(f"src/{name}:{number}: {room} may not include {target} (docs/layers.toml)")
            else:
                for prefix, allowed in adapters.items():
                    if target.startswith(prefix) and not is_test and not any(
                            name == a or name.startswith(a + "/") for a in allowed):
                        problems.append(f"src/{name}:{number}: <{target}> belongs in {', '.join(allowed)}")
        if file.suffix == ".h" and "#pragma once" not in lines:
            problems.append(f"src/{name}: no #pragma once")
    problems += headers.problems()
    print("\n".join(problems) if problems else "layers, adapters, sizes and headers are in order")
    return 1 if problems else 0


sys.exit(main())
