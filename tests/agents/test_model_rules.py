"""What the policy says of questions to models: budgets of tokens, by the provider's own count, and masks by who asks which model."""

import concurrent.futures
import http.client
import json
import pathlib
import sys
import time

import pytest
from client_of_api import ask, known_token
from harness.gateway import Gateway
from harness.postgres import PostgresServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from test_models import ANTHROPIC, EMAIL, Provider, conversation, event  # noqa: E402

USERS = ("spender", "streams", "guessed", "embeds", "trusted", "careful", "hangs-up", "is-cut-off", "says-no-bound")
POLICY = """
rules:
  - { name: all, effect: allow }
  - { name: people-see, effect: unmask, who: { users: [trusted, careful] }, classes: [email] }
  - { name: our-own-model-sees, effect: unmask, who: { users: [trusted] }, on: { databases: [models/inhouse] }, classes: [email] }
  - { name: redacted, effect: mask, who: { users: [careful] }, classes: [email], with: redact }
budgets:
  - { name: tokens, who: { users: [spender] }, per: agent, every: 31d, input_tokens: 1000, output_tokens: 12, ask: dora }
  - { name: streamed, who: { users: [streams, guessed] }, per: agent, every: 31d, output_tokens: 1000 }
  - { name: a-run, who: { users: [streams] }, per: run, input_tokens: 25 }
  - { name: embedded, who: { users: [embeds] }, per: agent, every: 31d, input_tokens: 300, output_tokens: 5 }
  - { name: broken-off, who: { users: [hangs-up, is-cut-off] }, per: agent, every: 31d, output_tokens: 100000 }
  - { name: unbounded, who: { users: [says-no-bound] }, per: agent, every: 31d, output_tokens: 5000 }
  - { name: statements, who: { users: [spender] }, per: agent, every: 31d, statements: 1 }
"""


@pytest.fixture(scope="module")
def server():
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def provider():
    running = Provider()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(server, provider):
    running = Gateway(server, start=False)
    policy = running.root / "policy.yaml"
    policy.write_text(POLICY)
    running.write_config(server, extra=f"""\
policy: {{ file: {policy} }}
models:
  - {{ name: claude, api: anthropic, url: '{provider.url}' }}
  - {{ name: inhouse, api: anthropic, url: '{provider.url}' }}
  - {{ name: gpt, api: openai, url: '{provider.url}' }}
""")
    for user in USERS:
        running.cli("user", "add", user, "--kind", "agent", "--no-password")
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def question(gateway, provider):
    tokens = {}
    provider.asked.clear()

    def of(user, model="claude", text="hello", path=None, run=None, **more):
        if user not in tokens:
            tokens[user] = known_token(gateway, "--user", user, "--scope", "models")
        path = path or ("chat/completions" if model == "gpt" else "messages")
        body = conversation(text, **{"max_tokens": 5, **more})
        if more.get("stream"):
            return whole_stream(gateway, f"/models/{model}/v1/{path}", body, tokens[user], run)
        return ask(gateway, "POST", f"/models/{model}/v1/{path}", body, tokens[user], {"Sluice-Run": run} if run else {}, prefix="")
    return of


def whole_stream(gateway, path, body, token, run):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=60)
    headers = {"Authorization": f"Bearer {token}", **({"Sluice-Run": run} if run else {})}
    connection.request("POST", path, json.dumps(body), headers)
    answer = connection.getresponse()
    answer.raw = answer.read()
    connection.close()
    return answer


def used(gateway, budget, of, amount):
    for state in json.loads(gateway.cli("agent", "budgets", "-o", "json").stdout):
        if state["budget"] == budget and state["of"] == of:
            return next(each["used"] for each in state["amounts"] if each["amount"] == amount)
    return 0


def test_Threat97_tokens_are_counted_by_the_provider(gateway, provider, question):
    """No answer may be longer than what is left; what is refused is not asked; a restart forgets nothing."""
    for _ in range(2):
        assert question("spender").status == 200
    assert (used(gateway, "tokens", "spender", "input_tokens"), used(gateway, "tokens", "spender", "output_tokens")) == (20, 10)
    asked = len(provider.asked)
    for more in ({}, {"max_tokens": 3}):
        refused = question("spender", **more)
        assert refused.status == 403 and 'budget "tokens" of agent spender has no room: 10 of 12 output_tokens' in refused.json["title"], refused.raw
        assert "ask dora" in refused.json["title"] and len(provider.asked) == asked
    assert question("spender", max_tokens=2).status == 200
    record = gateway.wait_for(lambda r: len(r) >= 6, "--user", "spender", "--type", "prompt")
    assert {"input_tokens": 10, "output_tokens": 5}.items() <= next(r for r in record if "input_tokens" in r).items()
    gateway.kill9()
    gateway.start()
    refused = question("spender", max_tokens=1)
    assert refused.status == 403 and "15 of 12 output_tokens" in refused.json["title"], refused.raw


def test_streams_count_too(gateway, provider, question):
    answer = question("streams", run="one", stream=True)
    assert answer.status == 200 and b"message_stop" in answer.raw
    assert used(gateway, "streamed", "streams", "output_tokens") == 5
    assert question("streams", run="one").status == 200
    refused = question("streams", run="one")
    assert refused.status == 403 and 'budget "a-run" of run streams run one' in refused.json["title"], refused.raw
    assert question("streams", run="two").status == 200


def test_Threat97_where_nothing_is_told_bytes_count(gateway, provider, question):
    answer = question("guessed", "gpt", stream=True)
    assert answer.status == 200 and b"[DONE]" in answer.raw
    assert provider.asked[0][2]["stream_options"] == {"include_usage": True}
    assert used(gateway, "streamed", "guessed", "output_tokens") == -(-len(answer.raw) // 3)


def without_end(words):
    """What a stream is before it tells what it took."""
    yield event("message_start", message={**ANTHROPIC, "content": [], "stop_reason": None, "usage": {"input_tokens": 10, "output_tokens": 1}})
    for _ in range(words):
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": "word "})


def test_Threat97_an_answer_without_its_end_counts_by_its_bytes(gateway, provider, question):
    """Neither a provider that closes nor a client that hangs up makes a long answer cost one token."""
    provider.streams = lambda: without_end(50)
    try:
        answer = question("is-cut-off", stream=True)
        assert answer.raw.count(b"word") == 50
        assert used(gateway, "broken-off", "is-cut-off", "output_tokens") == -(-len("".join(without_end(50))) // 3)
        provider.streams, provider.slow = lambda: without_end(5000), 0.02
        token = known_token(gateway, "--user", "hangs-up", "--scope", "models")
        connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=60)
        connection.request("POST", "/models/claude/v1/messages", json.dumps(conversation("hello", max_tokens=5, stream=True)), {"Authorization": f"Bearer {token}"})
        assert b"word" in connection.getresponse().read(2000)
        connection.close()
        kept = gateway.wait_for(lambda r: any("output_tokens" in each for each in r), "--user", "hangs-up", "--type", "prompt")
        told = next(each["output_tokens"] for each in kept if "output_tokens" in each)
        assert told >= 2000 // 3 and used(gateway, "broken-off", "hangs-up", "output_tokens") == told
    finally:
        provider.streams, provider.slow = None, 0


def test_Threat97_an_answer_without_a_bound_gets_one(gateway, provider, question):
    """However many are asked at once: what is left is all that they may answer."""
    question("says-no-bound")
    provider.asked.clear()
    provider.answers.clear()
    try:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            first = pool.submit(question, "says-no-bound", max_tokens=None)
            until(lambda: len(provider.asked) == 1)
            assert provider.asked[0][2]["max_tokens"] == 4096
            # The name that another API has for it is no bound here.
            second = pool.submit(question, "says-no-bound", "gpt", max_tokens=-1, max_output_tokens=1, n=2)
            until(lambda: len(provider.asked) == 2)
            assert provider.asked[1][2]["max_completion_tokens"] == (5000 - 5 - 4096) // 2 and "max_tokens" not in provider.asked[1][2]
            third = question("says-no-bound", max_tokens=None, n=2)
            assert third.status == 403 and 'budget "unbounded"' in third.json["title"] and len(provider.asked) == 2, third.raw
            provider.answers.set()
            assert (first.result().status, second.result().status) == (200, 200)
    finally:
        provider.answers.set()
    assert question("says-no-bound", max_tokens=7).status == 200 and provider.asked[-1][2]["max_tokens"] == 7


def until(holds):
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_Threat97_answers_are_asked_for_by_number(gateway, provider, question):
    for more in ({"n": "100"}, {"n": [3]}, {"best_of": True}):
        refused = question("says-no-bound", "gpt", **more)
        assert refused.status == 400 and "is a number" in refused.json["title"], refused.raw
    assert not provider.asked
    assert question("says-no-bound", "gpt", n=None).status == 200


def test_embeddings_have_no_answer_to_count(gateway, provider, question):
    assert question("embeds", "gpt", path="embeddings", max_tokens=1).status == 200
    assert used(gateway, "embedded", "embeds", "input_tokens") == 3 and used(gateway, "embedded", "embeds", "output_tokens") == 0


def test_what_is_cached_counts_as_read(gateway, provider, question):
    ANTHROPIC["usage"]["cache_read_input_tokens"] = 7
    try:
        assert question("streams", run="cached").status == 200
        assert used(gateway, "a-run", "streams run cached", "input_tokens") == 17
    finally:
        del ANTHROPIC["usage"]["cache_read_input_tokens"]


def test_Threat97_masks_are_those_of_who_asks_which_model(gateway, provider, question):
    """What somebody may see goes to a model only where a rule names that model; masks hold everywhere."""
    def sent(user, model):
        provider.asked.clear()
        assert question(user, model, text=f"write to {EMAIL}").status == 200
        return provider.asked[0][2]["messages"][0]["content"]

    assert EMAIL in sent("trusted", "inhouse")
    pseudonym = sent("trusted", "claude")
    assert EMAIL not in pseudonym and "@" in pseudonym
    redacted = sent("careful", "inhouse")
    assert EMAIL not in redacted and "@" not in redacted
