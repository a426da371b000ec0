"""Packages from npm, installed once below build/ and shared by the tests."""

import fcntl
import pathlib
import shutil
import subprocess

BUILD = pathlib.Path(__file__).resolve().parents[2] / "build"


def packages(folder: str, *names: str) -> pathlib.Path:
    """The folder that holds node_modules with `names` in it.

    Tests run beside each other: one installs, the others wait, and none takes a half-installed folder for a whole one.
    """
    if shutil.which("npm") is None:
        raise RuntimeError("npm is not installed; run ./dev setup")
    home = BUILD / folder
    home.mkdir(parents=True, exist_ok=True)
    with open(home / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done, wanted = home / "installed", "\n".join(names)
        if not done.exists() or done.read_text() != wanted:
            done.unlink(missing_ok=True)
            subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", home, *names], check=True,
                           timeout=400)
            done.write_text(wanted)
    return home
