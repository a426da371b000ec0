"""A server that speaks just enough of the protocol to break it. It stands for a hostile or broken PostgreSQL."""

import socket
import struct
import threading

from .wire import message

AUTH_OK = message(b"R", struct.pack("!I", 0))
READY = message(b"Z", b"I")
KEY = message(b"K", struct.pack("!II", 1, 2))
PARAMETERS = b"".join(message(b"S", name + b"\0" + value + b"\0") for name, value in [
    (b"server_version", b"15.0"), (b"client_encoding", b"UTF8"), (b"server_encoding", b"UTF8"),
    (b"standard_conforming_strings", b"on"), (b"integer_datetimes", b"on"), (b"DateStyle", b"ISO, MDY"),
    (b"TimeZone", b"UTC"), (b"IntervalStyle", b"postgres"), (b"is_superuser", b"off"), (b"session_authorization", b"sluice")])
GREETING = AUTH_OK + PARAMETERS + KEY + READY


def complete(tag=b"SELECT 1"):
    return message(b"C", tag + b"\0")


def row_description(*names):
    return message(b"T", struct.pack("!H", len(names)) + b"".join(
        name + b"\0" + struct.pack("!IHIhih", 0, 0, 25, -1, -1, 0) for name in names))


def data_row(*values):
    return message(b"D", struct.pack("!H", len(values)) + b"".join(struct.pack("!I", len(v)) + v for v in values))


def error(sqlstate=b"XX000", text=b"made up"):
    return message(b"E", b"SERROR\0VERROR\0C" + sqlstate + b"\0M" + text + b"\0\0")


def result(*rows):
    return b"".join(data_row(*row) for row in rows) + complete(b"SELECT %d" % len(rows))


def nullable_row(*values):
    return message(b"D", struct.pack("!H", len(values)) + b"".join(
        struct.pack("!i", -1) if v is None else struct.pack("!I", len(v)) + v for v in values))


# An all but empty database, as src/catalog/load_query.cc asks for it: fingerprint, path, schemas, relations, columns,
# inheritance, rules, triggers, indexes, constraints, functions, types, operators, what is called by itself.
CATALOG = (result((b"0",)) + result((b"{pg_catalog,public}",)) + result((b"11", b"pg_catalog"), (b"2200", b"public"))
           + nullable_row(b"1259", b"11", b"pg_class", b"r", b"p", b"postgres", b"f", b"420", b"14", None, None) + complete()
           + result() * 7
           + nullable_row(b"23", b"11", b"int4", b"b", b"0", b"0", b"0", None) + complete() + result() * 2)


class RogueServer:
    """What the gateway asks on its own behalf (the catalog, the search path) is answered as an all but empty database
    would. `greeting` is what a start-up message gets. `answers` maps the text of a query to the bytes it
    gets; None closes the connection, a function is called with the socket."""

    def __init__(self, greeting=GREETING, answers=None):
        self.greeting, self.answers = greeting, answers or {}
        self.heard = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _read(self, connection, count):
        data = b""
        while len(data) < count:
            more = connection.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        self.heard += data
        return data

    def _serve(self, connection):
        with connection:
            try:
                self._converse(connection)
            except (EOFError, OSError):
                pass

    def _converse(self, connection):
        while True:
            length = struct.unpack("!I", self._read(connection, 4))[0]
            packet = self._read(connection, length - 4)
            code = struct.unpack("!I", packet[:4])[0]
            if code == 80877102:
                self.on_cancel(connection)
                return
            if code != 80877103:
                break
            connection.sendall(b"N")
        if not self._answer(connection, self.greeting):
            return
        while True:
            kind = self._read(connection, 1)
            body = self._read(connection, struct.unpack("!I", self._read(connection, 4))[0] - 4)
            if kind == b"X":
                return
            if kind == b"Q":
                text = body[:-1].decode()
                default = complete(text.encode()) + READY if text == "DISCARD ALL" else complete() + READY
                if "pg_catalog.pg_attribute" in text and "pg_catalog.pg_operator" in text:
                    default = complete(b"SET") * text.count("lock_timeout") + CATALOG + READY
                if not self._answer(connection, self.answers.get(text, default)):
                    return

            elif not self._extended(connection, kind, body):
                return

    def _extended(self, connection, kind, body):
        """Statements of the gateway's own: the search path, and changes of nothing."""
        if kind == b"P":
            self.parsed = body.split(b"\0")[1]
        answers = {b"P": message(b"1"), b"B": message(b"2"), b"C": message(b"3"), b"S": READY}
        if kind == b"E":
            rows = [(b"pg_catalog",), (b"public",)] if b"current_schemas" in self.parsed else []
            return self._answer(connection, result(*rows))
        return self._answer(connection, answers.get(kind, b""))

    def on_cancel(self, connection):
        """A cancel request came; the connection is closed afterwards."""

    @staticmethod
    def _answer(connection, answer):
        if answer is None:
            return False
        if callable(answer):
            return answer(connection) is not False
        connection.sendall(answer)
        return True

    def stop(self):
        self.listener.close()
