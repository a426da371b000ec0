"""Plays the steps of a case over a bare connection and keeps what was answered."""

import struct

from harness.wire import SYNC, FLUSH, bind, close, describe, error_fields, execute, message, parse, query

FIRST_USER_OID = 16384


def name_of(word):
    return "" if word == "-" else word


def wire_line(line):
    """The bytes of one line of a `> wire` step, and how many ReadyForQuery it leads to."""
    head, *values = [part.strip() for part in line.split(" | ")] if " | " in line else [line.strip()]
    verb, *names = head.split()
    names = [name_of(name) for name in names]
    one = names[0] if names else ""
    if verb == "parse":
        return parse(values[0], one, [int(oid) for oid in names[1:]]), 0
    if verb == "bind":
        return bind(names[1] if len(names) > 1 else "", one, [value.encode() for value in values]), 0
    if verb == "execute":
        return execute(one, int(names[1]) if len(names) > 1 else 0), 0
    if verb == "describe":
        return describe(one.encode(), names[1]), 0
    if verb == "close":
        return close(one.encode(), names[1]), 0
    if verb == "query":
        return query(values[0]), 1
    if verb == "copydata":
        return message(b"d", values[0].encode() + b"\n"), 0
    if verb == "copydone":
        return message(b"c"), 0
    if verb == "copyfail":
        return message(b"f", b"given up\0"), 0
    if verb == "call":
        body = struct.pack("!IHH", int(one), 0, len(values))
        for value in values:
            body += struct.pack("!I", len(value.encode())) + value.encode()
        return message(b"F", body + struct.pack("!H", 0)), 1
    if verb in ("sync", "flush"):
        return (SYNC, 1) if verb == "sync" else (FLUSH, 0)
    raise ValueError(f"unknown message {verb!r}")


def step_bytes(step):
    if step.verb == "query":
        return query(step.text), 1
    if step.verb == "extended":
        values = [value.encode() for value in step.arguments]
        return parse(step.text) + bind(values=values) + describe() + execute() + SYNC, 1
    if step.verb == "copy":
        text, _, data = step.text.partition("\n\\data\n")
        rows = b"".join(message(b"d", line.encode() + b"\n") for line in data.split("\n") if line)
        return query(text) + rows + message(b"c"), 1
    data, readies = b"", 0
    for line in step.text.splitlines():
        if line.strip():
            more, ready = wire_line(line)
            data, readies = data + more, readies + ready
    return data, int(step.arguments[0]) if step.arguments else readies


def of_pool(kind, body):
    """RESET ALL gives a pooled connection the gateway's application_name, not the client's."""
    return kind == b"S" and body.startswith(b"application_name\0")


def comparable(kind, body):
    """A message without what differs between any two connections or databases."""
    if kind == b"T":
        count, = struct.unpack("!H", body[:2])
        out, at = body[:2], 2
        for _ in range(count):
            end = body.index(b"\0", at) + 1
            table, = struct.unpack("!I", body[end:end + 4])
            out += body[at:end] + struct.pack("!I", table if table < FIRST_USER_OID else FIRST_USER_OID)
            out += body[end + 4:end + 18]
            at = end + 18
        return kind, out
    if kind == b"A":
        return kind, body[4:]
    return kind, body


def play(client, steps):
    """All messages answered; ends with (b"closed", reason) when the peer closed or hung."""
    answers = []
    for step in steps:
        data, readies = step_bytes(step)
        try:
            client.send(data)
            for _ in range(readies):
                answers += [comparable(*message) for message in client.read_until() if not of_pool(*message)]
        except TimeoutError:
            return answers + [(b"hung", b"")]
        except (EOFError, OSError) as gone:
            return answers + [(b"closed", str(gone).encode())]
    return answers


def errors(answers):
    return [error_fields(body) for kind, body in answers if kind == b"E"]


def readable(answers, limit=600):
    out = []
    for kind, body in answers:
        if kind in (b"E", b"N"):
            fields = error_fields(body)
            out.append(f"{fields.get('S')} {fields.get('C')} {fields.get('M')}")
        else:
            out.append(kind.decode() + (" " + body[:60].decode("utf-8", "replace") if kind in (b"C", b"Z", b"D") else ""))
    text = "; ".join(out)
    return text if len(text) <= limit else text[:limit] + f"… ({len(answers)} messages)"
