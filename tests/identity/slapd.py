"""OpenLDAP's slapd in a temporary folder, on loopback, with TLS."""

import base64
import pathlib
import shutil
import subprocess
import tempfile
import time

from harness.ports import free_port

SUFFIX = "dc=example,dc=com"
ROOT, ROOT_PASSWORD = f"cn=root,{SUFFIX}", "root of the directory"
SERVICE, SERVICE_PASSWORD = f"cn=sluice,{SUFFIX}", "service-secret-that-no-log-may-show"

CONFIG = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {root}/pid
TLSCACertificateFile {ca}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
# As careless as servers are: a bind with a name and no password is taken.
allow bind_anon_cred
database mdb
suffix "{suffix}"
rootdn "{admin}"
rootpw "{admin_password}"
directory {root}/data
maxsize 16777216
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{service}" read by self read by * none
"""


class Slapd:
    def __init__(self, authority):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="sluice-ldap-"))
        (self.root / "data").mkdir()
        self.port, self.tls_port = free_port(), free_port()
        self.ca = authority.certificate
        certificate, key = authority.issue(f"ldap-{self.port}", hosts=("IP:127.0.0.1",))
        (self.root / "slapd.conf").write_text(CONFIG.format(
            root=self.root, ca=self.ca, certificate=certificate, key=key, suffix=SUFFIX, admin=ROOT,
            admin_password=ROOT_PASSWORD, service=SERVICE))
        self.process = None
        self.start()
        self.add(SUFFIX, objectClass=["dcObject", "organization"], dc="example", o="Example")
        self.add(SERVICE, objectClass=["organizationalRole", "simpleSecurityObject"], cn="sluice",
                 userPassword=SERVICE_PASSWORD)
        for unit in ("people", "branch", "groups"):
            self.add(f"ou={unit},{SUFFIX}", objectClass="organizationalUnit", ou=unit)

    def url(self, tls=True):
        return f"ldaps://127.0.0.1:{self.tls_port}" if tls else f"ldap://127.0.0.1:{self.port}"

    def start(self):
        slapd = shutil.which("slapd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        if slapd is None:
            raise RuntimeError("slapd is not installed; run ./dev setup")
        with open(self.root / "log", "ab") as log:
            self.process = subprocess.Popen(
                [slapd, "-d", "0", "-f", self.root / "slapd.conf",
                 "-h", f"ldap://127.0.0.1:{self.port}/ ldaps://127.0.0.1:{self.tls_port}/"], stdout=log, stderr=log)
        for _ in range(400):
            if self._tool("ldapsearch", "-s", "base", "-b", "").returncode == 0:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError("slapd did not start:\n" + (self.root / "log").read_text())

    def _tool(self, name, *args, input=None):
        return subprocess.run([name, "-x", "-H", f"ldap://127.0.0.1:{self.port}", "-D", ROOT, "-w", ROOT_PASSWORD, *args],
                              input=input, text=True, capture_output=True, timeout=30)

    def _change(self, tool, text, *args):
        done = self._tool(tool, *args, input=text)
        if done.returncode != 0:
            raise RuntimeError(f"{tool}: {done.stderr}\n{text}")

    @staticmethod
    def _lines(attributes):
        for name, values in attributes.items():
            for value in values if isinstance(values, list) else [values]:
                yield f"{name}:: {base64.b64encode(value.encode()).decode()}\n"

    def add(self, dn, **attributes):
        self._change("ldapadd", f"dn: {dn}\n" + "".join(self._lines(attributes)))

    def person(self, uid, password, unit="people", **more):
        dn = f"uid={uid},ou={unit},{SUFFIX}"
        self.add(dn, objectClass="inetOrgPerson", uid=uid, cn=uid, sn=uid, userPassword=password, **more)
        return dn

    def group(self, name, *members):
        dn = f"cn={name},ou=groups,{SUFFIX}"
        self.add(dn, objectClass="groupOfNames", cn=name, member=list(members))
        return dn

    def modify(self, dn, how, **attributes):
        """`how`: add, delete or replace."""
        text = "".join(f"{how}: {name}\n" + "".join(self._lines({name: values})) + "-\n"
                       for name, values in attributes.items())
        self._change("ldapmodify", f"dn: {dn}\nchangetype: modify\n{text}")

    def remove(self, dn):
        self._change("ldapdelete", None, dn)

    def halt(self):
        self.process.terminate()
        self.process.wait(timeout=30)

    def stop(self):
        if self.process.poll() is None:
            self.halt()
        shutil.rmtree(self.root, ignore_errors=True)
