"""A certificate authority in a temporary folder, by the openssl command line."""

import pathlib
import shutil
import subprocess
import tempfile


def openssl(*args):
    """Its standard output."""
    return subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True, text=True).stdout


class Authority:
    def __init__(self, name="test authority"):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="sluice-ca-"))
        self.root.chmod(0o755)
        self.key, self.certificate = self.root / "ca.key", self.root / "ca.crt"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                 "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate)

    def issue(self, name, hosts=("DNS:localhost", "IP:127.0.0.1"), owner=None, usage=None, days=2):
        """(certificate, key) for a common name; hosts become subject alternative names."""
        key, request, certificate = (self.root / f"{name}.{ending}" for ending in ("key", "csr", "crt"))
        extensions = self.root / f"{name}.ext"
        extensions.write_text("".join([
            "subjectAltName=" + ",".join(hosts) + "\n" if hosts else "",
            f"extendedKeyUsage={usage}\n" if usage else ""]))
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-days", days,
                "-extfile", extensions, "-out", certificate)
        key.chmod(0o600)
        if owner:
            shutil.chown(key, owner)
        return certificate, key

    def revocations(self):
        """The file of its revocation list."""
        settings = self.root / "ca.cnf"
        if not settings.exists():
            (self.root / "index.txt").touch()
            settings.write_text(
                f"[ca]\ndefault_ca=d\n[d]\ndatabase={self.root}/index.txt\ndefault_md=sha256\ndefault_crl_days=2\n"
                f"certificate={self.certificate}\nprivate_key={self.key}\n")
        openssl("ca", "-config", settings, "-gencrl", "-out", self.root / "ca.crl")
        return self.root / "ca.crl"

    def revoke(self, certificate):
        self.revocations()
        openssl("ca", "-config", self.root / "ca.cnf", "-revoke", certificate)
        self.revocations()

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)
