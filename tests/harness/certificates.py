"""A certificate authority in a temporary folder, by the openssl command line."""

import pathlib
import shutil
import subprocess
import tempfile


def _openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


class Authority:
    def __init__(self, name="test authority"):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="sluice-ca-"))
        self.root.chmod(0o755)
        self.key, self.certificate = self.root / "ca.key", self.root / "ca.crt"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                 "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate)

    def issue(self, name, hosts=("DNS:localhost", "IP:127.0.0.1"), owner=None):
        """(certificate, key) for a common name; hosts become subject alternative names."""
        key, request, certificate = (self.root / f"{name}.{ending}" for ending in ("key", "csr", "crt"))
        extensions = self.root / f"{name}.ext"
        extensions.write_text("subjectAltName=" + ",".join(hosts) + "\n" if hosts else "")
        _openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                 "-keyout", key, "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-days", "2",
                 "-extfile", extensions, "-out", certificate)
        key.chmod(0o600)
        if owner:
            shutil.chown(key, owner)
        return certificate, key

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)
