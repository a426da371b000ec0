"""`sluice config check` says what `sluice serve` will, in the same words, and touches nothing."""

import os
import subprocess

import pytest
from harness.certificates import Authority
from harness.gateway import SLUICE, Gateway

WRONG = {
    "policy": ("policy: { file: none.yaml }", ":3:17: file: cannot read the policy"),
    "rules": ("policy: { file: bad.yaml }", "bad.yaml:2:24: effect: expected one of"),
    "certificate": ("tls: { certificate: none.pem, key: none.pem }", ":3:21: certificate: cannot read the certificate"),
    "pair": ("tls: { certificate: gateway.crt, key: other.key }", ":3:21: certificate: "),
    "log key": ("audit: { key: none.pem }", ":3:15: key: the key of the audit log"),
    "issuer": ("identity: { issuers: [ { name: sso, issuer: 'https://sso', client_id: c, tls: { ca: none.pem } } ] }",
               ":3:85: ca: issuer sso: cannot read the authorities"),
    "console": ("api: { console: . }", ":3:17: console: there is no index.html"),
}


@pytest.fixture
def folder(tmp_path):
    authority = Authority()
    for name, also in (("gateway", "crt"), ("other", "key")):
        certificate, key = authority.issue(name)
        (tmp_path / f"{name}.{also}").write_bytes((certificate if also == "crt" else key).read_bytes())
    authority.remove()
    (tmp_path / "bad.yaml").write_text("rules:\n  - { name: a, effect: alow }\n")
    return tmp_path


def sluice(folder, *args):
    return subprocess.run([SLUICE, *args, "--config", str(folder / "c.yaml")], text=True, capture_output=True, timeout=60,
                          env={"PATH": os.environ["PATH"], "HOME": str(folder)})


@pytest.mark.parametrize("name", WRONG)
def test_check_says_what_serve_says(folder, name):
    text, why = WRONG[name]
    (folder / "c.yaml").write_text(f"state: {folder}/state\nlisten: {{ postgres: 127.0.0.1:0, http: 127.0.0.1:0 }}\n"
                                   f"{text}\ndatabases: []\n")
    checked, served = sluice(folder, "config", "check"), sluice(folder, "serve")
    assert checked.returncode == served.returncode == 2, (checked, served)
    assert why in checked.stderr, checked.stderr
    assert checked.stderr == served.stderr
    assert not (folder / "state").exists() and not (folder / "none.pem").exists(), "nothing is made"


def test_a_good_file_stays_as_it_is_and_a_bad_one_is_not_reloaded(server, tmp_path):
    gateway = Gateway(server, extra="policy: { file: rules.yaml }", start=False, add_alice=False)
    try:
        (gateway.root / "rules.yaml").write_text("rules:\n  - { name: a, effect: allow }\n")
        before = sorted(gateway.root.rglob("*"))
        assert "good, 1 database" in gateway.cli("config", "check").stdout
        assert sorted(gateway.root.rglob("*")) == before
        gateway.start()
        gateway.config.write_text(gateway.config.read_text().replace("rules.yaml", "none.yaml"))
        gateway.reload()
        log = gateway.log.read_text()
        assert "configuration not reloaded, the old one stays:" in log and "none.yaml: No such file" in log
        assert gateway.cli("config", "check", check=False).returncode == 2
    finally:
        assert gateway.stop() == 0
