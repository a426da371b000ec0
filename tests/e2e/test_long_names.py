"""The server tells prepared statements and portals apart by 63 bytes: longer names would be one thing there and two here."""

import pytest
from harness.wire import SYNC, WireClient, bind, describe, error_fields, execute, kinds, message, parse, query

LONG = "a" * 63


def close(kind, name):
    return message(b"C", kind + name.encode() + b"\0")


@pytest.mark.parametrize("sent", [
    parse("SELECT 1", name=LONG + "1"), bind(LONG + "1"), bind("", LONG + "1"), execute(LONG + "1"), describe(b"S", LONG + "1"),
    describe(b"P", LONG + "1"), close(b"S", LONG + "2"), close(b"P", LONG + "2")])
def test_Threat113_names_that_the_server_would_cut_are_refused(gateway, sent):
    client = WireClient(gateway.port)
    client.login()
    client.send(sent + SYNC)
    kind, body = client.read_message()
    assert kind == b"E" and "63 bytes" in error_fields(body)["M"]
    client.close()


def test_names_as_long_as_may_be_are_told_apart(gateway):
    client = WireClient(gateway.port)
    client.login()
    one, other = "b" * 62 + "1", "b" * 62 + "2"
    assert kinds(client.run(parse("SELECT 'one'", name=one) + parse("SELECT 'other'", name=other) + SYNC)) == "11Z"
    for name, value in ((one, b"one"), (other, b"other")):
        answer = client.run(bind(name) + describe() + execute() + SYNC)
        assert kinds(answer) == "2TDCZ" and answer[2][1].endswith(value)
    # Names in SQL are cut by the server's own grammar, here as there.
    assert kinds(client.run(query(f"PREPARE {'c' * 70} AS SELECT 1"))) in ("CZ", "NCZ")
    assert kinds(client.run(query(f"EXECUTE {'c' * 63}"))) == "TDCZ"
    client.close()
