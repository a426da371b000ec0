"""Whatever way a value leaves (forms.py), by simple or extended protocol, as text or binary, nothing of it is seen by who may not
see it; and what is harmless is answered as by the server itself."""

import struct

import pytest

from forms import FORMS, HARMLESS, SCHEMA, SECRETS
from harness import wire
from harness.gateway import Gateway
from harness.postgres import PostgresServer

WAYS = ["simple", "extended text", "extended binary", "undescribed", "row by row"]


@pytest.fixture(scope="module")
def database():
    server = PostgresServer()
    server.sql(SCHEMA, database="orders")
    yield server
    server.stop()


@pytest.fixture(scope="module", params=["io_uring", "epoll"])
def masked(request, database):
    gateway = Gateway(database, reactor=request.param, environment="staging", masking=True)
    yield gateway
    assert gateway.stop() == 0


def run(client, sql, way):
    """All messages that answer `sql`, to its ReadyForQuery."""
    if way == "simple":
        client.send(wire.query(sql))
        return client.read_until()
    formats = (0,) if way == "extended text" else (1,)
    described = b"" if way == "undescribed" else wire.describe()
    one = 1 if way == "row by row" else 0
    client.send(wire.parse(sql) + wire.bind(formats=formats) + described + wire.execute(rows=one) + wire.SYNC)
    return client.read_until()


def rows_of(messages):
    rows = []
    for kind, body in messages:
        if kind == b"D":
            rows.append(values_of(body))
        elif kind == b"d":
            rows.append([body])
    return rows


def values_of(body):
    count, = struct.unpack("!H", body[:2])
    at, values = 2, []
    for _ in range(count):
        size, = struct.unpack("!i", body[at:at + 4])
        at += 4
        values.append(None if size < 0 else body[at:at + size])
        at += max(size, 0)
    assert at == len(body)
    return values


def seen(messages):
    """Everything a client sees, in small letters, and the same without what stands between values."""
    body = b"\x1f".join(b for k, b in messages if k not in (b"T", b"Z", b"C"))
    columns = rows_of(messages)
    joined = b"".join(v for row in columns for v in row if v is not None)
    return (body + b"\x1e" + joined).decode("latin-1").lower()


CASES = [pytest.param(form, way, id=f"{form.name}-{way}") for form in FORMS for way in WAYS if way == "simple" or not form.simple_only]


@pytest.mark.parametrize("form,way", CASES)
def test_nothing_is_seen(masked, form, way):
    client = wire.WireClient(masked.port)
    assert client.login()[-1][0] == b"Z"
    messages = []
    for statement in form.setup:
        client.send(wire.query(statement))
        messages += client.read_until()
    answer = run(client, form.sql, way)
    messages += answer
    client.close()
    text = seen(messages)
    for secret in [*SECRETS, *form.also]:
        assert secret.lower() not in text
    errors = [wire.error_fields(body) for kind, body in answer if kind == b"E"]
    if form.refused:
        assert errors and errors[0]["C"] in ("42501", "53400"), errors
        assert "masked" in errors[0]["M"]
        assert errors[0].get("H")
    elif form.rows:
        assert not errors, errors
        assert rows_of(answer)


@pytest.mark.parametrize("sql", HARMLESS)
@pytest.mark.parametrize("way", WAYS[:4])
def test_harmless_statements_are_answered_as_by_the_server(masked, database, sql, way):
    through = wire.WireClient(masked.port)
    assert through.login()[-1][0] == b"Z"
    direct = wire.WireClient(database.port)
    from harness.postgres import SERVER_PASSWORD
    assert direct.login(user="sluice", password=SERVER_PASSWORD)[-1][0] == b"Z"
    ours, theirs = run(through, sql, way), run(direct, sql, way)
    through.close()
    direct.close()
    assert ours == theirs


@pytest.mark.parametrize("condition, named", [
    ("(contact).email LIKE 'z%'", "(public.people.contact).email"),
    ("(contact).email LIKE 'z%' AND (contact).kind > 'a'", "public.people.contact"),
    ("contact::text LIKE 'z%'", "public.people.contact"),
    ("email LIKE 'z%'", "public.people.email")])
def test_a_refused_condition_names_the_field(masked, condition, named):
    client = wire.WireClient(masked.port)
    client.login()
    answer = run(client, f"SELECT id FROM people WHERE {condition}", "simple")
    client.close()
    message, = [wire.error_fields(body)["M"] for kind, body in answer if kind == b"E"]
    assert f"column {named} is masked for you" in message
