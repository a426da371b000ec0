"""`sluice login --device` asks as often as it is let: a gateway that has had enough says when to come again."""

import http.server
import json
import os
import subprocess
import threading
import time

from harness.gateway import SLUICE


class Busy(http.server.BaseHTTPRequestHandler):
    """Begins a login, has had enough twice, and then lets in."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        headers = {}
        if self.path == "/api/v1/login/device":
            status, body = 200, {"attempt": "a", "secret": "", "verification_uri": "https://issuer.example/code", "user_code": "ABCD", "interval": 1, "expires_in": 60}
        else:
            self.server.polls.append(time.monotonic())
            if len(self.server.polls) < 3:
                status, body = 429, {"title": "too many requests", "detail": "Wait 3 s."}
                headers = {"Retry-After": "3"}
            else:
                status, body = 200, {"user": "ann", "id": "c1", "secret": "slc_x", "expires_micros": 4070908800000000,
                                "databases": ["orders"], "postgres": {"port": 6432, "tls": False}}
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def test_it_waits_as_long_as_it_is_told_and_goes_on(tmp_path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    server.polls = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        done = subprocess.run([SLUICE, "login", "--gateway", f"http://127.0.0.1:{server.server_port}", "--device", "--issuer", "corp"],
                              capture_output=True, text=True, timeout=60, env={**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)})
    finally:
        server.shutdown()
    first, second, third = server.polls
    assert second - first >= 3, "as it was told"
    assert third - second >= 4, "of its own accord half as often each time"
    assert "too many requests: Wait 3 s.; again in 3 s" in done.stderr and "again in 4 s" in done.stderr, done.stderr
    assert done.returncode == 0 and 'as "ann"' in done.stderr, done.stderr
