"""What `cmake --install` and the .deb put on a machine, and whether systemd understands the unit."""

import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["SLUICE_BIN"]).parents[1]


def install(folder):
    subprocess.run(["cmake", "--install", BUILD, "--prefix", "/usr"], check=True, capture_output=True,
                   env={**os.environ, "DESTDIR": str(folder)})
    return folder / "usr"


def test_everything_is_in_its_place_and_runs(tmp_path):
    usr = install(tmp_path)
    files = {str(f.relative_to(usr)) for f in usr.rglob("*") if f.is_file()}
    docs = {f"share/doc/sluice/docs/{f.relative_to(ROOT / 'docs')}" for kind in ("*.md", "*.png") for f in (ROOT / "docs").rglob(kind)}
    console = {f"share/sluice/console/{f.relative_to(ROOT / 'web/dist')}" for f in (ROOT / "web/dist").rglob("*") if f.is_file()}
    assert docs and "share/sluice/console/index.html" in console, "the console is not built: ./dev web"
    policies = {f"share/sluice/policies/{f.name}" for f in (ROOT / "policies").glob("*.yaml")}
    assert files == {"bin/sluice", "lib/systemd/system/sluice.service", "share/doc/sluice/README.md",
                     "share/doc/sluice/sluice.yaml"} | docs | policies | console
    version = re.search(r"project\(sluice VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    shown = subprocess.run([usr / "bin/sluice", "version"], check=True, capture_output=True, text=True)
    assert shown.stdout.startswith(f"sluice {version}")


def test_systemd_understands_the_unit(tmp_path):
    usr = install(tmp_path)
    unit = (usr / "lib/systemd/system/sluice.service").read_text()
    assert "ExecStart=/usr/bin/sluice serve" in unit
    # The same unit, with the program where it was put here.
    copy = tmp_path / "sluice.service"
    copy.write_text(unit.replace("/usr/bin/sluice", str(usr / "bin/sluice")))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True)
    complaints = [line for line in done.stderr.splitlines() if "sluice" in line]
    assert done.returncode == 0 and not complaints, done.stderr


def test_drain_fits_into_the_time_systemd_gives():
    unit = (ROOT / "packaging/sluice.service").read_text()
    drain = re.search(r"drain_timeout = std::chrono::seconds\((\d+)\)",
                      (ROOT / "src/config/config.h").read_text())[1]
    assert int(re.search(r"TimeoutStopSec=(\d+)", unit)[1]) > int(drain)


def test_maintainer_scripts_are_shell():
    for name in ("postinst", "prerm", "postrm"):
        script = ROOT / "packaging" / name
        assert os.access(script, os.X_OK), name
        subprocess.run(["sh", "-n", script], check=True)
