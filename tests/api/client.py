"""The HTTP API as programs and browsers use it."""

import http.client
import json
import time


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        # What follows the record has no end.
        self.raw = b"" if response.headers["Content-Type"] == "text/event-stream" else response.read()

    @property
    def json(self):
        return json.loads(self.raw)

    @property
    def title(self):
        return self.json.get("title", "") + " " + self.json.get("detail", "")


def ask(gateway, method, path, body=None, token=None, headers=None, prefix="/api/v1"):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=60)
    headers = dict(headers or {})
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else body if isinstance(body, str) else json.dumps(body)
    connection.request(method, prefix + path, data, headers)
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


def known_token(gateway, *words):
    """A new token of `sluice token create`, once the gateway knows it."""
    token = gateway.cli("token", "create", "--for", "1h", *words).stdout.strip()
    deadline = time.time() + 30
    while ask(gateway, "GET", "/session", token=token).status == 401:
        assert time.time() < deadline, "the gateway does not know the token"
        time.sleep(0.1)
    return token


class Browser:
    """Keeps cookies and the CSRF token as a page of the console does."""

    def __init__(self, gateway):
        self.gateway, self.cookies, self.csrf = gateway, {}, None

    def ask(self, method, path, body=None, csrf=True, **headers):
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            given["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if csrf and self.csrf:
            given["X-CSRF-Token"] = self.csrf
        answer = ask(self.gateway, method, path, body, headers=given)
        for header in answer.headers.get_all("Set-Cookie") or []:
            pair, *attributes = [part.strip() for part in header.split(";")]
            name, value = pair.split("=", 1)
            if "Max-Age=0" in attributes:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer

    def log_in(self, user, password, **more):
        answer = self.ask("POST", "/session", {"user": user, "password": password, **more})
        if answer.status == 200:
            self.csrf = answer.json["csrf"]
        return answer
