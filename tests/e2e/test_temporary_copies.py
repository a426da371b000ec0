"""COPY into temporary tables is no write that anybody counts, and still runs under bounds of results: its data go on."""

import pytest
from harness.gateway import Gateway
from harness.wire import FLUSH, SYNC, WireClient, bind, error_fields, execute, kinds, message, parse, query

RULE = "rules: [ {{ name: all, effect: allow, limit: {{ {limit} }} }} ]\n"
LIMITS = ["rows: 3000", "bytes: 300kB", "duration: 5s"]
COPY = "COPY pieces FROM STDIN"
DONE = message(b"c")


def data(rows):
    return b"".join(message(b"d", f"{i}\n".encode()) for i in range(rows))


@pytest.fixture(scope="module", params=LIMITS)
def gateway(request, server):
    running = Gateway(server, start=False)
    policy = running.root / "policy.yaml"
    policy.write_text(RULE.format(limit=request.param))
    with open(running.config, "a") as config:
        config.write(f"policy: {{ file: {policy} }}\n")
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(gateway):
    wire = WireClient(gateway.port, timeout=10)
    assert wire.login()[-1][0] == b"Z"
    wire.run(query("CREATE TEMP TABLE pieces (i int)"))
    yield wire
    wire.close()


def copied(client, begin, *sent, readies=1):
    """What comes of a COPY that `begin` asks for, once `sent` has gone to it piece by piece."""
    client.send(begin)
    answer = client.read_until((b"G", b"E"))
    for piece in sent[:-1]:
        client.send(piece)
    return answer + client.run(sent[-1], readies)


def count(client):
    return [body[6:] for kind, body in client.run(query("SELECT count(*) FROM pieces")) if kind == b"D"]


EXTENDED = parse(COPY) + bind() + execute()
FORMS = {
    "simple": lambda c: copied(c, query(COPY), data(3) + DONE),
    "in pieces": lambda c: copied(c, query(COPY), data(2), data(1), DONE),
    "in a block": lambda c: c.run(query("BEGIN")) + copied(c, query(COPY), data(3) + DONE) + c.run(query("COMMIT")),
    "extended": lambda c: copied(c, EXTENDED + FLUSH, data(3) + DONE + SYNC),
    "extended, its Sync at once": lambda c: copied(c, EXTENDED + SYNC, data(3) + DONE + SYNC),
    "behind others": lambda c: copied(c, query("SELECT 1; " + COPY), data(3) + DONE),
    "with something behind it": lambda c: copied(c, query(COPY), data(3) + DONE + query("SELECT 1"), readies=2),
}


@pytest.mark.parametrize("form", FORMS)
def test_data_go_on(client, form):
    answer = FORMS[form](client)
    assert "E" not in kinds(answer), [error_fields(body) for kind, body in answer if kind == b"E"]
    assert answer[-1] == (b"Z", b"I") and count(client) == [b"3"]


def test_more_than_one_in_a_text(client):
    client.send(query(f"{COPY}; {COPY}"))
    for _ in range(2):
        client.read_until((b"G",))
        client.send(data(2) + DONE)
    assert kinds(client.read_until()) == "CZ" and count(client) == [b"4"]


@pytest.mark.parametrize("wrong", [message(b"f", b"enough\0"), query("SELECT 1")], ids=["CopyFail", "a Query in between"])
def test_what_ends_it_ends_it(client, wrong):
    answer = copied(client, query(COPY), data(2), wrong)
    assert "E" in kinds(answer) and answer[-1] == (b"Z", b"I")
    assert count(client) == [b"0"] and kinds(client.run(query("SELECT 1"))) == "TDCZ"
