"""Identity providers for tests: the certified oidc-provider, and one that signs whatever a test wants."""

import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import secrets
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from harness.npm import packages
from harness.ports import free_port

HERE = pathlib.Path(__file__).resolve().parent
CLIENT, SECRET = "sluice", "client-secret-that-no-log-may-show"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size=None):
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class Key:
    """An RSA or EC key pair, as JWK and to sign with."""

    def __init__(self, kid, curve=False):
        self.kid, self.curve = kid, curve
        self.key = ec.generate_private_key(ec.SECP256R1()) if curve else rsa.generate_private_key(65537, 2048)

    def jwk(self, private=False):
        n = self.key.private_numbers()
        if self.curve:
            p = n.public_numbers
            out = {"kty": "EC", "crv": "P-256", "x": number(p.x, 32), "y": number(p.y, 32)}
            secret = {"d": number(n.private_value, 32)}
        else:
            p = n.public_numbers
            out = {"kty": "RSA", "n": number(p.n), "e": number(p.e)}
            secret = {"d": number(n.d), "p": number(n.p), "q": number(n.q), "dp": number(n.dmp1), "dq": number(n.dmq1),
                      "qi": number(n.iqmp)}
        out.update(kid=self.kid, use="sig", alg="ES256" if self.curve else "RS256")
        return {**out, **secret} if private else out

    def sign(self, claims, **header):
        header = {"alg": "ES256" if self.curve else "RS256", "kid": self.kid, "typ": "JWT", **header}
        text = b64(json.dumps(header).encode()) + "." + b64(json.dumps(claims).encode())
        if header["alg"] == "none":
            return text + "."
        if header["alg"] == "HS256":  # With what everybody knows for a secret.
            return text + "." + b64(hmac.new(json.dumps(self.jwk()).encode(), text.encode(), hashlib.sha256).digest())
        if self.curve:
            r, s = utils.decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
            return text + "." + b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
        return text + "." + b64(self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))


class EdKey:
    """An Ed25519 key pair (RFC 8037)."""

    def __init__(self, kid):
        self.kid, self.key = kid, ed25519.Ed25519PrivateKey.generate()

    def jwk(self):
        x = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": b64(x), "kid": self.kid, "use": "sig", "alg": "EdDSA"}

    def sign(self, claims, **header):
        header = {"alg": "EdDSA", "kid": self.kid, "typ": "JWT", **header}
        text = b64(json.dumps(header).encode()) + "." + b64(json.dumps(claims).encode())
        return text + "." + b64(self.key.sign(text.encode()))


class OidcProvider:
    """oidc-provider from npm, on loopback."""

    def __init__(self, start=True):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-oidc-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.keys = [Key("first")]
        self.accounts = {}
        self.told_of_logouts = None  # A URL.
        self.process = None
        self.set_accounts()
        if start:
            self.start()

    def account(self, subject, **claims):
        self.accounts[subject] = claims
        self.set_accounts()

    def set_accounts(self):
        (self.folder / "accounts.json").write_text(json.dumps(self.accounts))

    def start(self):
        device = "urn:ietf:params:oauth:grant-type:device_code"
        client = {"client_id": CLIENT, "client_secret": SECRET, "application_type": "native",
                  "redirect_uris": ["http://127.0.0.1/callback"], "grant_types": ["authorization_code", device],
                  "response_types": ["code"], "require_auth_time": True, "token_endpoint_auth_method": "client_secret_basic"}
        if self.told_of_logouts:
            client["backchannel_logout_uri"] = self.told_of_logouts
        (self.folder / "settings.json").write_text(
            json.dumps({"clients": [client], "keys": [key.jwk(private=True) for key in self.keys]}))
        self.log = self.folder / "log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(["node", HERE / "provider.mjs", self.folder, str(self.port)], stdout=log,
                                            stderr=log, cwd=packages("oidc-provider", "oidc-provider@9"))
        for _ in range(1200):  # Node takes its time on a busy machine.
            if b"listening" in self.log.read_bytes():
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError("the provider did not start:\n" + self.log.read_text())

    def rotate(self, keys):
        """Signs with the first of these from now on; forgets who is logged in."""
        self.keys = keys
        self.halt()
        self.start()

    def halt(self):
        self.process.terminate()
        self.process.wait(timeout=20)

    def stop(self):
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)


class FakeIssuer:
    """An issuer whose tokens are what a test says: `claims` and `header` change the next ones."""

    def __init__(self):
        self.key, self.published = Key("k1"), None
        self.claims, self.header, self.userinfo, self.discovery = {}, {}, {}, {}
        self.nonce, self.asked, self.requests = "", [], []
        self.pending = True  # Nobody has entered the code of a device yet.
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                self.answer(outer.answer(self.path))

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                outer.requests.append({**dict(urllib.parse.parse_qsl(body)), "auth": self.headers.get("Authorization", "")})
                if self.path == "/device":
                    return self.answer({"device_code": "d", "user_code": "ABCD", "verification_uri": outer.url + "/code",
                                        "verification_uri_complete": outer.url + "/code?c=ABCD", "expires_in": 300, "interval": 1})
                if outer.pending and "device_code" in outer.requests[-1]:
                    return self.answer({"error": "authorization_pending"}, 400)
                return self.answer({"access_token": "opaque-access-token", "token_type": "Bearer", "id_token": outer.id_token()})

            def answer(self, value, status=200):
                body = json.dumps(value).encode()
                self.send_response(status if value is not None else 404)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path):
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "authorization_endpoint": self.url + "/auth", "token_endpoint": self.url + "/token",
                    "jwks_uri": self.url + "/jwks", "userinfo_endpoint": self.url + "/me", **self.discovery}
        if path == "/jwks":
            return {"keys": self.published if self.published is not None else [self.key.jwk()]}
        return self.userinfo if path == "/me" else None

    def token(self, subject, audience=CLIENT, key=None, header=None, **claims):
        now = int(time.time())
        claims = {"iss": self.url, "sub": subject, "aud": audience, "iat": now, "exp": now + 300, **claims}
        return (key or self.key).sign({k: v for k, v in claims.items() if v is not None}, **(header or {}))

    def logout_token(self, subject, **claims):
        event = {"http://schemas.openid.net/event/backchannel-logout": {}}
        return self.token(subject, **{"jti": secrets.token_hex(8), "events": event, "header": {"typ": "logout+jwt"}, **claims})

    def id_token(self):
        claims = {"nonce": self.nonce, "email": "mallory@example.com", "email_verified": True, **self.claims}
        return self.token(claims.pop("sub", "m-1"), header=self.header, **claims)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def call(gateway, method, path, body=None, form=None):
    """(status, JSON) of the gateway's HTTP API."""
    data = json.dumps(body or {}).encode() if form is None else urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.http}{path}", data=data if method == "POST" else None,
                                     method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())
