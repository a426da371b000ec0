"""The key of the log in a token that speaks PKCS #11: signing, verifying without it, going over to it and on, and a token that is not there."""

import os
import pathlib
import subprocess

import pytest
from harness.gateway import Gateway

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "567812"


def halt(running):
    """Stops it, and leaves its state."""
    running.process.terminate()
    assert running.process.wait(timeout=60) == 0


class Token:
    """SoftHSM with two Ed25519 keys."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "tokens").mkdir()
        (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
        self.env = {"SOFTHSM2_CONF": str(folder / "softhsm2.conf")}
        self.pin = folder / "pin"
        self.pin.touch(0o600)
        self.pin.write_text(PIN + "\n")
        self.run("softhsm2-util", "--init-token", "--free", "--label", "sluice", "--so-pin", "12345678", "--pin", PIN)
        for number, label in enumerate(("first", "second")):
            pem = folder / f"{label}.pem"
            self.run("openssl", "genpkey", "-algorithm", "ed25519", "-out", str(pem))
            self.run("softhsm2-util", "--import", str(pem), "--token", "sluice", "--label", label, "--id", f"0{number + 1}", "--pin", PIN)
            pem.unlink()

    def run(self, *command):
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, **self.env})

    def uri(self, label):
        return f"'pkcs11:token=sluice;object={label}?module-path={MODULE}&pin-source=file:{self.pin}'"


@pytest.fixture
def token(tmp_path, monkeypatch):
    made = Token(tmp_path)
    # For the commands, which read the key to know whose log it is.
    monkeypatch.setenv("SOFTHSM2_CONF", made.env["SOFTHSM2_CONF"])
    return made


def configured(server, audit):
    running = Gateway(server, start=False)
    set_audit(running, audit)
    return running


def set_audit(running, audit):
    text = running.config.read_text()
    head = text[:text.index("audit:")] if "audit:" in text else text
    running.config.write_text(head + f"audit: {{ {audit} }}\n")


def test_a_log_that_a_token_signs(server, token, tmp_path):
    running = configured(server, f"key: {token.uri('first')}")
    running.start()
    assert running.psql("-c", "SELECT 'signed by a token'").returncode == 0
    key = running.cli("audit", "key").stdout.strip()
    (record,) = running.wait_for(lambda r: r, "--text", "signed by a token")
    receipt = running.cli("audit", "receipt", str(record["id"])).stdout
    (tmp_path / "receipt").write_text(receipt)
    assert not (running.root / "state/audit/log-key.pem").exists()
    assert not any("PRIVATE KEY" in f.read_text(errors="replace") for f in (running.root / "state/audit").iterdir() if f.is_file() and f.suffix == ".pem")
    # Rotated within the token only to a key that is named.
    refused = running.cli("audit", "key", "--rotate", check=False)
    assert refused.returncode != 0 and "audit.next_key" in refused.stderr
    halt(running)
    # Whoever has the public key needs no token.
    for args in (("verify", "--log", str(running.root / "state/audit"), "--public-key", key),
                 ("verify", "--receipt", str(tmp_path / "receipt"), "--public-key", key)):
        assert running.cli("audit", *args).returncode == 0
    set_audit(running, f"key: {token.uri('first')}, next_key: {token.uri('second')}")
    running.start()
    second = running.cli("audit", "key", "--rotate").stdout.strip()
    assert second != key
    again = running.cli("audit", "key", "--rotate", check=False)
    assert again.returncode != 0 and "signs already" in again.stderr
    halt(running)
    running.start()  # With what is configured still: the one that has taken over goes on.
    assert running.psql("-c", "SELECT 'signed by the second'").returncode == 0
    halt(running)
    set_audit(running, f"key: {token.uri('second')}")
    running.start()
    assert running.psql("-c", "SELECT 'and named now'").returncode == 0
    assert running.cli("audit", "key").stdout.strip() == second
    halt(running)
    for trusted in (key, second):
        assert running.cli("audit", "verify", "--log", str(running.root / "state/audit"), "--public-key", trusted).returncode == 0
    # The wrong key does not sign this log.
    set_audit(running, f"key: {token.uri('first')}")
    with pytest.raises(RuntimeError, match="did not start"):
        running.start()
    running.stop()


def test_going_over_from_a_file_to_a_token(server, token):
    running = configured(server, "checkpoint_interval: 1s")
    running.start()
    assert running.psql("-c", "SELECT 'signed by a file'").returncode == 0
    old = running.cli("audit", "key").stdout.strip()
    halt(running)
    set_audit(running, f"next_key: {token.uri('first')}")
    running.start()
    new = running.cli("audit", "key", "--rotate").stdout.strip()
    assert new != old
    halt(running)
    (running.root / "state/audit/log-key.pem").unlink()
    set_audit(running, f"key: {token.uri('first')}")
    running.start()
    assert running.psql("-c", "SELECT 'signed by a token'").returncode == 0
    halt(running)
    assert running.cli("audit", "verify", "--log", str(running.root / "state/audit"), "--public-key", old).returncode == 0
    running.stop()


def test_what_is_wrong_is_said_before_anything_runs(server, token):
    running = configured(server, f"key: {token.uri('nobody')}")
    with pytest.raises(RuntimeError, match="no private key that the URI names"):
        running.start()
    set_audit(running, "key: 'pkcs11:object=first'")
    with pytest.raises(RuntimeError, match="no module-path"):
        running.start()
    set_audit(running, f"key: 'pkcs11:object=first?module-path={MODULE}&pin-value={PIN}'")
    with pytest.raises(RuntimeError, match="does not belong into the configuration"):
        running.start()
    assert PIN not in pathlib.Path(running.log).read_text()
    running.stop()
