"""Receivers of streams: what SIEMs, log hosts, brokers and collectors are to a gateway."""

import base64
import http.server
import json
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time

from harness.ports import free_port


class HttpReceiver:
    """Keeps what is posted. `answer(path, n)` gives the status of the n-th request (from 0), or None to end the connection
    without an answer."""

    def __init__(self, answer=lambda path, n: 200, certificate=None, body=b"{}", port=0):
        self.requests = []  # (path, headers, body) of those answered 2xx
        self.refused = []  # the same of all others
        self.headers = {}
        self.parsed, self.all_records = 0, []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                got = (self.path, self.headers, self.rfile.read(int(self.headers["Content-Length"])))
                with receiver.lock:
                    status = answer(self.path, len(receiver.requests) + len(receiver.refused))
                    good = status is not None and 200 <= status < 300
                    (receiver.requests if good else receiver.refused).append(got)
                if status is None:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.lock = threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def bodies(self, path=None):
        with self.lock:
            return [json.loads(body) for where, _, body in self.requests if path in (None, where)]

    def records(self):
        """All records of all arrays that were posted, in their order. Each body is read once."""
        with self.lock:
            new, self.parsed = self.requests[self.parsed:], len(self.requests)
        for _, _, body in new:
            self.all_records += json.loads(body)
        return self.all_records

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class SyslogReceiver:
    """Takes apart frames that begin with their length (RFC 6587, 3.4.1)."""

    def __init__(self, certificate=None, port=0):
        self.messages = []
        self.connections = []
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection):
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            self.connections.append(connection)
            stream = connection.makefile("rb")
            while True:
                length = b""
                while (digit := stream.read(1)).isdigit():
                    length += digit
                if digit != b" ":
                    return
                message = stream.read(int(length))
                if len(message) == int(length):
                    self.messages.append(message.decode())
        except (OSError, ValueError):
            pass

    def drop_connections(self):
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()
        self.connections.clear()

    def close(self):
        # An accept under way would hold the port.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop_connections()


class NatsServer:
    """A nats-server with JetStream, whose messages are kept on disk from one start to the next."""

    def __init__(self, *options):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="sluice-nats-"))
        self.port = free_port()
        self.options = options
        self.process = None
        self.start()

    def start(self):
        with open(self.root / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["nats-server", "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self.root / "data"),
                 *map(str, self.options)], stdout=log, stderr=log)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("nats-server did not start:\n" + (self.root / "log").read_text())

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.kill()
        shutil.rmtree(self.root, ignore_errors=True)

    def request(self, subject, payload=b"", headers=False):
        """One request in the text protocol of NATS; the answer's payload."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            stream = connection.makefile("rb")
            stream.readline()  # INFO
            connection.sendall(b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\nSUB answer 1\r\n'
                               + f"PUB {subject} answer {len(payload)}\r\n".encode() + payload + b"\r\n")
            while True:
                words = stream.readline().decode().split()
                if words[0] == "PING":
                    connection.sendall(b"PONG\r\n")
                elif words[0] == "MSG":
                    return json.loads(stream.read(int(words[-1])))
                elif words[0] in ("-ERR", "HMSG"):
                    raise RuntimeError(" ".join(words))

    def create_stream(self, name, subject, change=False, **settings):
        answer = self.request(f"$JS.API.STREAM.{'UPDATE' if change else 'CREATE'}.{name}", json.dumps(
            {"name": name, "subjects": [subject], "storage": "file", "num_replicas": 1, "retention": "limits",
             "duplicate_window": 120_000_000_000, **settings}).encode())
        assert "error" not in answer, answer

    def count(self, name):
        return self.request(f"$JS.API.STREAM.INFO.{name}")["state"]["messages"]

    def message(self, name, sequence):
        """(headers, body) of a message that is stored."""
        message = self.request(f"$JS.API.STREAM.MSG.GET.{name}", json.dumps({"seq": sequence}).encode())["message"]
        return base64.b64decode(message["hdrs"]).decode(), json.loads(base64.b64decode(message["data"]))


def wait_until(condition, seconds=20):
    """What `condition` gives once it is true, or last."""
    deadline = time.time() + seconds
    while not (value := condition()) and time.time() < deadline:
        time.sleep(0.1)
    return value
