"""A bare protocol-3 client over a socket, for what no well-behaved driver sends."""

import base64
import hashlib
import hmac
import os
import socket
import ssl
import struct

from .gateway import PASSWORD


def message(kind, body=b""):
    return kind + struct.pack("!I", len(body) + 4) + body


def startup(version=196608, **parameters):
    body = struct.pack("!I", version)
    for name, value in parameters.items():
        body += name.encode() + b"\0" + value.encode() + b"\0"
    body += b"\0"
    return struct.pack("!I", len(body) + 4) + body


def query(text):
    return message(b"Q", text.encode() + b"\0")


def parse(text, name="", types=()):
    return message(b"P", name.encode() + b"\0" + text.encode() + b"\0" + struct.pack(f"!H{len(types)}I", len(types), *types))


def bind(statement="", portal="", values=(), formats=()):
    """`formats`: of the results, 0 text, 1 binary."""
    body = portal.encode() + b"\0" + statement.encode() + b"\0" + struct.pack("!HH", 0, len(values))
    for value in values:
        body += struct.pack("!i", -1) if value is None else struct.pack("!I", len(value)) + value
    return message(b"B", body + struct.pack(f"!H{len(formats)}H", len(formats), *formats))


def execute(portal="", rows=0):
    return message(b"E", portal.encode() + b"\0" + struct.pack("!I", rows))


def describe(kind=b"P", name=""):
    return message(b"D", kind + name.encode() + b"\0")


def close(kind=b"S", name=""):
    return message(b"C", kind + name.encode() + b"\0")


SYNC = message(b"S")
FLUSH = message(b"H")
TERMINATE = message(b"X")
SSL_REQUEST = struct.pack("!II", 8, 80877103)
GSS_REQUEST = struct.pack("!II", 8, 80877104)


def error_fields(body):
    return {part[:1].decode(): part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}


class WireClient:
    def __init__(self, port, timeout=10, connect=True):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=timeout) if connect else None
        self.buffer = b""
        self.key = None
        self.parameters = {}

    def send(self, data):
        self.sock.sendall(data)

    def read_exactly(self, count):
        while len(self.buffer) < count:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError(f"closed; left over: {self.buffer!r}")
            self.buffer += data
        out, self.buffer = self.buffer[:count], self.buffer[count:]
        return out

    def read_message(self):
        head = self.read_exactly(5)
        return head[:1], self.read_exactly(struct.unpack("!I", head[1:])[0] - 4)

    def read_until(self, kinds=(b"Z",)):
        messages = []
        while True:
            messages.append(self.read_message())
            if messages[-1][0] in kinds:
                return messages

    def read_to_end(self):
        """All bytes until the peer closes."""
        data = self.buffer
        self.buffer = b""
        try:
            while True:
                more = self.sock.recv(65536)
                if not more:
                    return data
                data += more
        except ConnectionResetError:
            return data

    def start_tls(self, **options):
        self.send(SSL_REQUEST)
        assert self.read_exactly(1) == b"S"
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.sock = context.wrap_socket(self.sock, **options)

    def login(self, user="alice", password=PASSWORD, database="orders", version=196608, **parameters):
        self.send(startup(version, user=user, database=database, **parameters))
        kind, body = self.read_message()
        while kind == b"v":
            kind, body = self.read_message()
        if kind != b"R":
            return [(kind, body)]
        nonce = base64.b64encode(os.urandom(18)).decode()
        bare = f"n=,r={nonce}"
        first = ("n,," + bare).encode()
        self.send(message(b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", len(first)) + first))
        kind, body = self.read_message()
        if kind != b"R":
            return [(kind, body)]
        server_first = body[4:].decode()
        fields = dict(part.split("=", 1) for part in server_first.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(fields["s"]), int(fields["i"]))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        final = f"c={base64.b64encode(b'n,,').decode()},r={fields['r']}"
        auth = f"{bare},{server_first},{final}".encode()
        signature = hmac.digest(hashlib.sha256(client_key).digest(), auth, "sha256")
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature))).decode()
        self.send(message(b"p", f"{final},p={proof}".encode()))
        messages = self.read_until((b"Z", b"E"))
        for kind, body in messages:
            if kind == b"K":
                self.key = body
            elif kind == b"S":
                name, value = body.split(b"\0")[:2]
                self.parameters[name.decode()] = value.decode()
        return messages

    def run(self, data, readies=1):
        """Sends and returns the messages up to so many ReadyForQuery."""
        self.send(data)
        messages = []
        for _ in range(readies):
            messages += self.read_until()
        return messages

    def close(self):
        self.sock.close()


def kinds(messages):
    return "".join(kind.decode() for kind, _ in messages if kind not in (b"S", b"N"))
