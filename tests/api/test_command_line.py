"""What the command line itself has to get right, whatever gateway there is."""

import fcntl
import http.server
import json
import os
import pty
import select
import signal
import subprocess
import termios
import threading
import time

import pytest
from harness.gateway import SLUICE


def run(*words, **more):
    return subprocess.run([SLUICE, *words], text=True, capture_output=True, timeout=60, **more)


@pytest.mark.parametrize("words", [("version",), ("--help",), ("lint", "--rules"), ("audit", "search", "--help")])
def test_output_that_is_not_written_is_a_failure(words):
    with open("/dev/full", "w") as full:
        done = subprocess.run([SLUICE, *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr == "sluice: cannot write to standard output\n", done.stderr
    assert run(*words).returncode == 0


class AtTerminal:
    """`sluice login` that asks for a password at a terminal of its own."""

    def __init__(self):
        self.keyboard, self.terminal = pty.openpty()

        def take():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen([SLUICE, "login", "--gateway", "http://127.0.0.1:1", "--user", "x"], stdin=self.terminal,
                                        stdout=self.terminal, stderr=self.terminal, preexec_fn=take)

    def echoes(self):
        return bool(termios.tcgetattr(self.terminal)[3] & termios.ECHO)

    def read_until(self, text, seconds=60):
        out, end = b"", time.time() + seconds
        while text not in out:
            assert time.time() < end, out
            if select.select([self.keyboard], [], [], 0.2)[0]:
                out += os.read(self.keyboard, 4096)
        return out

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.keyboard)
        os.close(self.terminal)


@pytest.fixture
def terminal():
    opened = AtTerminal()
    yield opened
    opened.close()


@pytest.mark.parametrize("keys,number", [(b"\x03", signal.SIGINT), (b"", signal.SIGHUP), (b"", signal.SIGTERM)])
def test_who_gives_up_at_the_password_gets_the_echo_back(terminal, keys, number):
    terminal.read_until(b"Password: ")
    assert not terminal.echoes()
    if keys:
        os.write(terminal.keyboard, keys)
    else:
        terminal.process.send_signal(number)
    assert terminal.process.wait(60) == -number
    assert terminal.echoes()


def test_who_is_stopped_at_the_password_is_asked_again(terminal):
    terminal.read_until(b"Password: ")
    terminal.process.send_signal(signal.SIGTSTP)
    # A process group without a shell above it is not stopped: it goes on at once.
    terminal.read_until(b"Password: ")
    os.write(terminal.keyboard, b"correct horse\n")
    out = terminal.read_until(b"sluice: ")
    assert b"correct" not in out and terminal.process.wait(60) == 5 and terminal.echoes()


class Hostile:
    """A gateway that answers every request with `answer`."""

    def __init__(self, answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.do_GET()

            def do_GET(self):
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def env(tmp_path):
    env = {**os.environ, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    env.pop("SLUICE_CONFIG", None)
    return env


@pytest.mark.parametrize("words", [("user", "list"), ("approval", "list"), ("approval", "show", "1"), ("grant", "show", "1")])
@pytest.mark.parametrize("answer", [{"unexpected": 1}, [1, 2], "text", None])
def test_an_answer_of_another_kind_is_said_not_died_of(env, words, answer):
    with Hostile(answer) as gateway:
        done = run(*words, env={**env, "SLUICE_GATEWAY": gateway.url, "SLUICE_TOKEN": "slc_x"})
    assert done.returncode in (0, 1) and "terminate" not in done.stderr, done
    if done.returncode == 1:
        assert "the answer is not as expected" in done.stderr


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://example.com/", "http://127.0.0.1.example.com/", "vscode://run", "https://a b"])
@pytest.mark.parametrize("how", [("--issuer", "corp"), ("--issuer", "corp", "--device")])
def test_no_gateway_opens_whatever_it_likes(env, url, how):
    answer = {"url": url, "verification_uri": url, "user_code": "X", "attempt": "a", "secret": "s", "redirect_uri": "", "interval": 1,
              "issuers": [{"name": "corp", "device": True, "redirect_uri": "http://127.0.0.1"}]}
    with Hostile(answer) as gateway:
        done = run("login", "--gateway", gateway.url, *how, env=env)
    assert done.returncode == 1 and "no https:// page" in done.stderr, done.stderr


@pytest.mark.parametrize("database,user", [("x]\n[prod", "alice"), ("a\nhost=evil", "alice"), ("orders", "alice\nhost=evil")])
def test_no_gateway_writes_services_of_others(env, tmp_path, database, user):
    answer = {"user": user, "id": "1", "secret": "slc_x", "expires_micros": 4102444800000000, "databases": [database],
              "postgres": {"port": 5432, "tls": False}}
    with Hostile(answer) as gateway:
        done = run("login", "--gateway", gateway.url, "--user", "alice", "--password-stdin", env=env, input="x\n")
    assert done.returncode == 1 and "file of services" in done.stderr, done.stderr
    assert not (tmp_path / "sluice/credentials.json").exists()


def test_a_folder_is_no_script(tmp_path):
    done = run("lint", str(tmp_path))
    assert done.returncode == 2 and "is a folder" in done.stderr
