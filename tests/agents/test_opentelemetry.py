"""OpenTelemetry's conventions for generative AI, in and out: what an agent's framework says of its trace and conversation comes with its calls, and
leaves with the spans of what they ran."""

import json
import pathlib
import sys
import time
from urllib.parse import quote

import psycopg
import pytest
from harness.gateway import PASSWORD, Gateway
from harness.postgres import PostgresServer
from mcp_client import post, token_of, until_known

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "streams"))
from receivers import HttpReceiver  # noqa: E402

TRACE, PARENT = "5bd66ef5095369c7b0d1f8f4bd33716a", "c532cb4098ac3dd2"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"


@pytest.fixture(scope="module")
def collector():
    receiver = HttpReceiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="module")
def gateway(collector):
    server = PostgresServer()
    gateway = Gateway(server, start=False, extra=f"""\
audit: {{ streams: [ {{ name: otel, type: otlp, url: 'http://127.0.0.1:{collector.port}/', retry: {{ initial: 50ms, maximum: 300ms }} }} ] }}""")
    gateway.cli("user", "add", "helper", "--kind", "agent", "--group", "engineering", "--password-stdin", input=PASSWORD + "\n")
    gateway.start()
    yield gateway
    assert gateway.stop() == 0
    server.stop()


@pytest.fixture(scope="module")
def token(gateway):
    token = token_of(gateway, "mcp", "api")
    until_known(gateway, token)
    return token


def call(gateway, token, sql, meta=None, **headers):
    params = {"name": "query", "arguments": {"database": "orders", "sql": sql}, **({"_meta": meta} if meta else {})}
    status, _, body = post(gateway, {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}, token, **headers)
    result = json.loads(body)["result"]
    assert status == 200 and not result.get("isError"), result


def record(gateway, text):
    return gateway.wait_for(lambda found: found, "--text", text, "--type", "statement")[-1]


def attributes(item):
    return {each["key"]: next(iter(each["value"].values())) for each in item["attributes"]}


def spans(collector, text):
    """Those of a statement, once they have come."""
    deadline = time.time() + 20
    while time.time() < deadline:
        found = [span for body in collector.bodies("/v1/traces") for resource in body["resourceSpans"]
                 for scope in resource["scopeSpans"] for span in scope["spans"] if text in attributes(span)["db.query.text"]]
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("no span came")


def test_meta_of_a_call_comes_in_and_leaves(gateway, token, collector):
    call(gateway, token, "SELECT 'of a call'", {"traceparent": TRACEPARENT, "baggage": "user.id=7,gen_ai.conversation.id=conv%2D1;x=y",
                                               "gen_ai.tool.call.id": "call_9"})
    found = record(gateway, "'of a call'")
    assert found["run"] == "conv-1" and found["tool_call"] == "call_9"
    assert set(found["tags"]) == {f"traceparent={TRACEPARENT}", "gen_ai.tool.name=query"}
    (span,) = {each["spanId"]: each for each in spans(collector, "'of a call'")}.values()
    said = attributes(span)
    assert (span["traceId"], span["parentSpanId"]) == (TRACE, PARENT)
    assert {key: value for key, value in said.items() if key.startswith("gen_ai.")} == {
        "gen_ai.conversation.id": "conv-1", "gen_ai.tool.call.id": "call_9", "gen_ai.tool.name": "query", "gen_ai.tool.type": "datastore",
        "gen_ai.operation.name": "execute_tool", "gen_ai.agent.id": "helper", "gen_ai.agent.name": "helper"}


STATE = "rojo=00f067aa0ba902b7,fw529a3039@dt=s:2;o:rum"


def test_the_state_of_a_trace_goes_along(gateway, token, collector):
    """W3C tracestate, beside traceparent: in _meta, in headers, by a setting, in a comment."""
    call(gateway, token, "SELECT 'state of a call'", {"traceparent": TRACEPARENT, "tracestate": STATE}, traceparent=TRACEPARENT, tracestate="b=2")
    assert spans(collector, "'state of a call'")[0]["traceState"] == STATE
    call(gateway, token, "SELECT 'state of headers'", traceparent=TRACEPARENT, tracestate=STATE)
    assert spans(collector, "'state of headers'")[0]["traceState"] == STATE
    call(gateway, token, "SELECT 'no state'", {"traceparent": TRACEPARENT}, traceparent=TRACEPARENT, tracestate=STATE)
    assert "traceState" not in spans(collector, "'no state'")[0], "the state of another's parent"
    call(gateway, token, "SELECT 'bad state'", {"traceparent": TRACEPARENT, "tracestate": "a='; DROP TABLE x --"})
    assert "traceState" not in spans(collector, "'bad state'")[0]
    long = f"a={'1' * 200},b={'2' * 200}"
    with psycopg.connect(gateway.dsn("alice"), autocommit=True) as connection:
        connection.execute(f"SET sluice.trace = '{TRACEPARENT}'")
        connection.execute(f"SET sluice.trace_state = '{long}'")
        connection.execute("SELECT 'state by a setting'")
        connection.execute(f"SET sluice.trace = '{TRACEPARENT}'")
        connection.execute("SELECT 'another trace'")
        connection.execute(f"SELECT 'state in a comment' /*traceparent='{TRACEPARENT}',tracestate='{quote(long)}'*/")
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="trace state"):
            connection.execute("SET sluice.trace_state = 'nothing'")
    assert spans(collector, "'state by a setting'")[0]["traceState"] == long
    assert "traceState" not in spans(collector, "'another trace'")[0]
    assert spans(collector, "'state in a comment'")[0]["traceState"] == long


def test_headers_where_meta_says_nothing(gateway, token):
    call(gateway, token, "SELECT 'by headers'", traceparent=TRACEPARENT, baggage="gen_ai.conversation.id=conv-2")
    found = record(gateway, "'by headers'")
    assert found["run"] == "conv-2" and f"traceparent={TRACEPARENT}" in found["tags"]
    call(gateway, token, "SELECT 'nearer'", {"gen_ai.conversation.id": "conv-3"}, traceparent=TRACEPARENT, baggage="gen_ai.conversation.id=conv-2")
    assert record(gateway, "'nearer'")["run"] == "conv-3"
    call(gateway, token, "SELECT 'said no more'")
    found = record(gateway, "'said no more'")
    assert "run" not in found and "tags" not in found, "a connection that is used again says nothing of before"
    status, _, _ = post(gateway, {"database": "orders", "sql": "SELECT 'over the API'"}, token, path="/api/v1/query", traceparent=TRACEPARENT)
    assert status == 200 and record(gateway, "'over the API'")["tags"] == [f"traceparent={TRACEPARENT}"]


def test_others_words_that_are_no_names_are_left_out(gateway, token):
    call(gateway, token, "SELECT 'no names'", {"traceparent": "00-' OR 1=1 --", "baggage": "gen_ai.conversation.id=a%20b%27;"},
         traceparent="no trace", baggage="gen_ai.conversation.id=%00")
    found = record(gateway, "'no names'")
    assert "run" not in found and "tags" not in found, found
