"""Models' APIs through the gateway, asked by the providers' own SDKs: prompts, answers and calls of tools on the record."""

import http.client
import http.server
import json
import subprocess
import threading
import time

import pytest
from client_of_api import ask, known_token
from harness import npm
from harness.gateway import Gateway

HERE = __import__("pathlib").Path(__file__).resolve().parent
KEY = "sk-of-the-company-that-no-agent-sees"
EMAIL = "jane.miller@example.com"


class Provider:
    """Something that answers as the providers do; keeps what it was asked."""

    def __init__(self):
        self.asked, self.fails, self.slow, self.streams = [], None, 0, None
        self.answers = threading.Event()
        self.answers.set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append((self.path, dict(self.headers), body))
                outer.answers.wait(60)
                if outer.fails:
                    return self.send(outer.fails, "application/json", json.dumps({"error": {"message": "slow down", "type": "rate_limit_error"}}))
                anthropic = self.path == "/v1/messages"
                if body.get("stream"):
                    return self.events((outer.streams or anthropic_events)() if anthropic else openai_events())
                answer = ANTHROPIC if anthropic else OPENAI
                self.send(200, "application/json", json.dumps(answer))

            def do_GET(self):
                outer.asked.append((self.path, dict(self.headers), None))
                self.send(200, "application/json", json.dumps({"data": [{"id": "small-1", "object": "model"}], "object": "list"}))

            def send(self, status, kind, text):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def events(self, events):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream; charset=utf-8")
                self.end_headers()
                try:
                    for event in events:
                        self.wfile.write(event.encode())
                        self.wfile.flush()
                        time.sleep(outer.slow)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


TOOL = {"type": "tool_use", "id": "toolu_01", "name": "query", "input": {"sql": "SELECT 1"}}
ANTHROPIC = {"id": "msg_1", "type": "message", "role": "assistant", "model": "small-1", "stop_reason": "tool_use", "stop_sequence": None,
             "content": [{"type": "text", "text": "I look it up."}, TOOL], "usage": {"input_tokens": 10, "output_tokens": 5}}
OPENAI = {"id": "c1", "object": "chat.completion", "created": 1, "model": "small-1",
          "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Forty-two."}}],
          "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}}


def event(kind, **data):
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n"


def anthropic_events():
    yield event("message_start", message={**ANTHROPIC, "content": [], "stop_reason": None})
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for word in ("I ", "look ", "it ", "up."):
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": word})
    yield event("content_block_stop", index=0)
    yield event("content_block_start", index=1, content_block={**TOOL, "input": {}})
    yield event("content_block_delta", index=1, delta={"type": "input_json_delta", "partial_json": '{"sql": "SELECT 1"}'})
    yield event("content_block_stop", index=1)
    yield event("message_delta", delta={"stop_reason": "tool_use", "stop_sequence": None}, usage={"output_tokens": 5})
    yield event("message_stop")


def openai_events():
    for word in ("Forty", "-", "two", "."):
        yield "data: " + json.dumps({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "small-1",
                                     "choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]}) + "\n\n"
    yield "data: " + json.dumps({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "small-1",
                                 "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}) + "\n\n"
    yield "data: [DONE]\n\n"


@pytest.fixture(scope="module")
def provider():
    running = Provider()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def fresh(provider):
    provider.asked.clear()
    provider.fails, provider.slow = None, 0


@pytest.fixture(scope="module")
def gateway(server, provider):
    running = Gateway(server, start=False)
    secret = running.root / "model-key"
    secret.touch(0o600)
    secret.write_text(KEY + "\n")
    running.write_config(server, extra=f"""\
api: {{ auditors: [security] }}
models:
  - {{ name: claude, api: anthropic, url: '{provider.url}', key_file: {secret} }}
  - {{ name: gpt, api: openai, url: '{provider.url}', key_file: {secret} }}
  - {{ name: open, api: openai, url: '{provider.url}', key_file: {secret}, masking: false, attachments: true }}
  - {{ name: away, api: openai, url: 'http://127.0.0.1:1' }}
""")
    running.cli("user", "add", "robot", "--kind", "agent", "--group", "engineering", "--no-password")
    running.cli("user", "add", "watcher", "--kind", "service", "--group", "security", "--no-password")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def token(gateway):
    return known_token(gateway, "--user", "robot", "--acts-for", "alice", "--scope", "models", "--scope", "mcp", "--scope", "api")


@pytest.fixture(scope="module")
def sdk(gateway, token):
    packages = npm.packages("model-sdks", "openai@6", "@anthropic-ai/sdk@0.70.0")
    process = subprocess.Popen(["node", str(HERE / "models.mjs")], cwd=packages, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def call(name, body, sdk=None, key=token, **headers):
        asked = {"sdk": sdk or ("anthropic" if name == "claude" else "openai"), "base": f"http://127.0.0.1:{gateway.http}/models/{name}",
                 "key": key, "body": body, "headers": {k.replace("_", "-"): v for k, v in headers.items()}}
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    yield call
    process.stdin.close()
    process.wait(timeout=20)


def conversation(text, **more):
    return {"model": "small-1", "max_tokens": 100, "messages": [{"role": "user", "content": text}], **more}


def prompts_of(gateway, run):
    watcher = known_token(gateway, "--user", "watcher", "--scope", "api", "--scope", "mcp")
    found = ask(gateway, "GET", f"/agents/runs/{run}", token=watcher)
    assert found.status == 200, found.raw
    return [ask(gateway, "GET", f"/agents/prompts/{prompt['prompt']}", token=watcher).json for prompt in found.json["prompts"]]


def test_a_question_and_its_answer(gateway, provider, sdk):
    came = sdk("claude", conversation(f"Write to Jane at {EMAIL} about her order"), sluice_run="run-1")
    assert came["answer"]["content"][0]["text"] == "I look it up." and came["run"] == "run-1", came
    (path, headers, body), = provider.asked
    assert path == "/v1/messages" and headers["x-api-key"] == KEY and "slc_" not in str(headers)
    assert EMAIL not in json.dumps(body) and "about her order" in json.dumps(body)  # Masked before it leaves.
    asked, answered = prompts_of(gateway, "run-1")
    assert EMAIL in asked["text"] and asked["prompt"] == came["prompt"] and asked["model"] == "small-1"
    assert asked["user"] == "robot" and asked["acts_for"] == "alice"
    answer = json.loads(answered["text"])
    assert answered["parent"] == asked["prompt"]
    assert answer["text"] == "I look it up." and answer["tool_calls"][0]["id"] == "toolu_01" and answer["output_tokens"] == 5
    # And in the evidence by its digest, without its words.
    records = gateway.wait_for(lambda r: len(r) >= 2, "--type", "prompt", "--run", "run-1")
    assert len(records) == 2 and EMAIL not in json.dumps(records)


def test_a_stream_comes_as_it_comes(gateway, provider, sdk):
    provider.slow = 0.15
    came = sdk("claude", conversation("stream it", stream=True), sluice_run="run-2")
    assert came["answer"]["content"][0]["text"] == "I look it up." and came["answer"]["content"][1]["input"] == {"sql": "SELECT 1"}, came
    assert came["pieces"][-1][0] - came["pieces"][0][0] >= 200, "words come one after the other"
    answer = json.loads(prompts_of(gateway, "run-2")[1]["text"])
    assert answer["text"] == "I look it up." and answer["stop"] == "tool_use" and answer["tool_calls"][0]["arguments"] == '{"sql": "SELECT 1"}'


def test_openai(gateway, provider, sdk):
    came = sdk("gpt", conversation(f"who is {EMAIL}?"))
    assert came["answer"]["choices"][0]["message"]["content"] == "Forty-two." and came["run"], came
    assert provider.asked[0][0] == "/v1/chat/completions" and provider.asked[0][1]["Authorization"] == f"Bearer {KEY}"
    assert EMAIL not in json.dumps(provider.asked[0][2])
    streamed = sdk("gpt", conversation("again", stream=True), sluice_run=came["run"], sluice_parent=came["prompt"])
    assert streamed["text"] == "Forty-two." and streamed["run"] == came["run"], streamed
    texts = prompts_of(gateway, came["run"])
    assert len(texts) == 4 and texts[2]["parent"] == came["prompt"] and json.loads(texts[3]["text"])["text"] == "Forty-two."


def test_only_what_is_new_is_a_prompt(gateway, provider, sdk):
    body = conversation("first words", system="be short")
    sdk("claude", body, sluice_run="run-3")
    body["messages"] += [{"role": "assistant", "content": "an answer"}, {"role": "user", "content": "second words"}]
    sdk("claude", body, sluice_run="run-3")
    texts = [prompt["text"] for prompt in prompts_of(gateway, "run-3")][::2]
    assert "first words" in texts[0] and "be short" in texts[0]
    assert "second words" in texts[1] and "first words" not in texts[1] and "be short" not in texts[1]
    assert "an answer" in texts[1], "the model has said something else"
    assert "first words" in json.dumps(provider.asked[1][2])


def test_nothing_is_asked_behind_an_invented_answer(gateway, provider, sdk):
    body = conversation("the real question")
    body["messages"] += [{"role": "assistant", "content": "sure"}, {"role": "user", "content": "go on"}]
    body["tools"] = [{"name": "t", "description": "hidden in a tool", "input_schema": {"type": "object"}}]
    sdk("claude", body, sluice_run="run-invented")
    text = prompts_of(gateway, "run-invented")[0]["text"]
    for words in ("the real question", "sure", "go on", "hidden in a tool"):
        assert words in text


def test_what_cannot_be_masked_is_not_sent(provider, sdk):
    image = {"model": "small-1", "max_tokens": 9, "messages": [{"role": "user", "content": [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}]}]}
    came = sdk("claude", image)
    assert came["status"] == 403 and "cannot be masked" in came["error"] and not provider.asked
    picture = {"model": "small-1", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,x"}}]}]}
    assert sdk("gpt", picture)["status"] == 403 and not provider.asked
    assert "answer" in sdk("open", picture) and len(provider.asked) == 1


def test_what_the_provider_would_keep_is_not_referred_to(provider, sdk):
    for more in ({"previous_response_id": "resp_1"}, {"conversation": "conv_1"}, {"background": True}, {"prompt": {"id": "pmpt_1"}},
                 {"input": [{"type": "item_reference", "id": "msg_1"}]}, {"input": [{"id": "msg_1"}]},
                 {"messages": [{"role": "assistant", "audio": {"id": "audio_1"}}]},
                 {"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]},
                 {"tools": [{"type": "code_interpreter", "container": "cntr_1"}]}):
        came = sdk("gpt", {"model": "small-1", "messages": [{"role": "user", "content": "hello"}], **more})
        assert came["status"] == 403 and not provider.asked, (more, came)
    came = sdk("claude", {**conversation("hello"), "container": "container_1"})
    assert came["status"] == 403 and not provider.asked, came
    assert "answer" in sdk("gpt", {"model": "small-1", "messages": [{"role": "user", "content": "hello"}], "background": False})


def test_as_it_is_where_the_operator_says_so(provider, sdk):
    sdk("open", conversation(EMAIL))
    assert EMAIL in json.dumps(provider.asked[0][2])


def test_who_may_ask(gateway, provider, sdk):
    assert sdk("claude", conversation("x"), key="slc_wrong")["status"] == 401
    other = known_token(gateway, "--user", "robot", "--scope", "api")
    refused = sdk("claude", conversation("x"), key=other)
    assert refused["status"] == 403 and "models" in refused["error"]
    assert not provider.asked
    assert ask(gateway, "POST", "/models/claude/v1/messages", conversation("x"), prefix="").status == 401


def test_what_is_not_known_is_not_handed_on(gateway, provider, token):
    for method, path in (("POST", "/models/claude/v1/files"), ("POST", "/models/gpt/v1/fine_tuning/jobs"), ("GET", "/models/gpt/v1/files"),
                         ("POST", "/models/none/v1/messages"), ("POST", "/models/claude/v1/../admin"), ("DELETE", "/models/claude/v1/messages")):
        answer = ask(gateway, method, path, {} if method == "POST" else None, token, prefix="")
        assert answer.status == 404, (path, answer.raw)
    assert ask(gateway, "POST", "/models/claude/v1/messages", "no json", token, prefix="").status == 400
    assert not provider.asked
    assert ask(gateway, "GET", "/models/gpt/v1/models", token=token, prefix="").json["data"][0]["id"] == "small-1"


def test_what_is_only_counted_is_kept_too(gateway, provider, token):
    answer = ask(gateway, "POST", "/models/claude/v1/messages/count_tokens", conversation(f"count {EMAIL}"), token,
                 {"Sluice-Run": "run-count"}, prefix="")
    assert answer.status == 200 and provider.asked[0][0] == "/v1/messages/count_tokens" and EMAIL not in json.dumps(provider.asked[0][2])
    (kept,) = prompts_of(gateway, "run-count")
    assert EMAIL in kept["text"] and kept["prompt"] == answer.headers["Sluice-Prompt"]


def test_the_providers_refusals_and_silence(gateway, provider, sdk, token):
    provider.fails = 429
    came = sdk("gpt", conversation("x"))
    assert came["status"] == 429 and "slow down" in came["error"]
    assert sdk("away", conversation("x"))["status"] == 502


def test_a_statement_for_a_call_of_a_tool(gateway, provider, sdk, token):
    came = sdk("claude", conversation("how many?"), sluice_run="run-9")
    import psycopg
    with psycopg.connect(gateway.dsn(user="robot", password=token), autocommit=True) as connection:
        connection.execute("SET sluice.run = 'run-9'")
        connection.execute(f"SET sluice.prompt = '{came['prompt']}'")
        connection.execute("SET sluice.call = 'toolu_01'")
        connection.execute("SELECT 41 + 1")
    record = gateway.wait_for(lambda r: r, "--run", "run-9", "--type", "statement", "--text", "41 + 1")[0]
    assert record["prompt"] == came["prompt"] and record["tool_call"] == "toolu_01"


def test_files_that_the_provider_keeps_are_not_named(gateway, provider, token):
    for path, part in (("gpt/v1/chat/completions", {"type": "file", "file": {"file_id": "file-1"}}),
                       ("open/v1/chat/completions", {"type": "file", "file": {"file_id": "file-1"}}),
                       ("claude/v1/messages", {"type": "container_upload", "file_id": "file-1"})):
        answer = ask(gateway, "POST", f"/models/{path}", {**conversation(""), "messages": [{"role": "user", "content": [part]}]}, token, prefix="")
        assert answer.status == 403 and "file_id" in answer.title, answer.raw
    assert not provider.asked


def test_an_account_in_a_header_is_not_sent(gateway, provider, token):
    for header in ("anthropic-beta", "anthropic-version"):
        for value in ("DE89370400440532013000", "a.4111111111111111"):
            answer = ask(gateway, "POST", "/models/claude/v1/messages", conversation("x"), token, {header: value}, prefix="")
            assert answer.status == 403 and header in answer.raw.decode(), (header, value, answer.raw)
    assert provider.asked == []


def test_numbers_are_masked_wherever_they_stand(gateway, provider, token):
    card = 4111111111111111
    for body in (conversation(card), conversation([{"type": "text", "text": card}]), conversation("x", card=card), conversation("x", metadata={"card": card})):
        assert ask(gateway, "POST", "/models/gpt/v1/chat/completions", body, token, prefix="").status == 200
    assert len(provider.asked) == 4 and str(card) not in json.dumps(provider.asked)


def test_words_in_headers_are_refused_or_kept(gateway, provider, token):
    def question(run, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(gateway, "POST", "/models/claude/v1/messages", conversation("hello"), token, {"Sluice-Run": run, **headers}, prefix="")

    for header in ("anthropic_beta", "anthropic_version"):
        for words in (f"mail {EMAIL}", "b" * 501, "a/b"):
            assert question("run-header", **{header: words}).status == 400, (header, words)
    assert not provider.asked
    assert question("run-betas", anthropic_beta="files-api-2025-04-14, other_1").status == 200
    assert provider.asked[0][1]["anthropic-beta"] == "files-api-2025-04-14, other_1" and "header anthropic-beta" not in provider.asked[0][2]
    assert "files-api-2025-04-14" in prompts_of(gateway, "run-betas")[0]["text"]


def test_a_stream_with_other_ends_of_lines_comes_as_it_comes(gateway, provider, token):
    provider.streams, provider.slow = lambda: (each.replace("\n", "\r\n") for each in anthropic_events()), 0.2
    try:
        connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=60)
        connection.request("POST", "/models/claude/v1/messages", json.dumps(conversation("x", stream=True)), {"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        begun, first = time.time(), answer.readline()
        took = time.time() - begun
        rest = answer.read()
        assert b"message_start" in first and time.time() - begun - took > 1, "its beginning does not wait for its end"
        assert rest.endswith(b'"message_stop"}\r\n\r\n'), rest
        connection.close()
    finally:
        provider.streams = None


def test_Threat20_a_stream_ends_with_who_asked_for_it(gateway, provider):
    def endless():
        yield from list(anthropic_events())[:3]
        while True:
            yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": "more "})

    gateway.cli("user", "add", "streamer", "--kind", "agent", "--no-password")
    token = known_token(gateway, "--user", "streamer", "--scope", "models", "--scope", "api")
    provider.streams, provider.slow = endless, 0.05
    try:
        connection = http.client.HTTPConnection("127.0.0.1", gateway.http, timeout=30)
        connection.request("POST", "/models/claude/v1/messages", json.dumps(conversation("x", stream=True)), {"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        while b"more " not in answer.readline():
            pass
        gateway.cli("user", "disable", "streamer")
        begun = time.time()
        while answer.readline():
            assert time.time() - begun < 20, "it goes on"
        connection.close()
    finally:
        provider.streams = None


def test_a_long_question_is_taken(gateway, provider, token):
    long = conversation("word " * 500_000)
    assert ask(gateway, "POST", "/models/claude/v1/messages", long, token, prefix="").status == 200
    assert len(json.dumps(provider.asked[0][2])) > 2_000_000
    assert ask(gateway, "POST", "/api/v1/query", long, token, prefix="").status == 413


def test_one_credential_takes_no_more_than_its_share(gateway, provider, token):
    provider.answers.clear()
    threads = [threading.Thread(target=ask, args=(gateway, "POST", "/models/claude/v1/messages", conversation("x"), token),
                                kwargs={"headers": {"X-Api-Key": f"key {number}"}, "prefix": ""}) for number in range(20)]
    try:
        for thread in threads:
            thread.start()
        deadline = time.time() + 20
        while len(provider.asked) < 4 and time.time() < deadline:
            time.sleep(0.05)
        watcher = known_token(gateway, "--user", "watcher", "--scope", "api")
        for _ in range(3):
            assert ask(gateway, "GET", "/session", token=watcher).status == 200, "others do not wait for it"
        assert len(provider.asked) == 4
    finally:
        provider.answers.set()
        for thread in threads:
            thread.join(60)
    assert len(provider.asked) == 20


def test_models_leave_threads_to_others(gateway, provider, token):
    tokens = []
    for i in range(4):
        gateway.cli("user", "add", f"busy{i}", "--kind", "agent", "--group", "engineering", "--no-password")
        tokens.append(known_token(gateway, "--user", f"busy{i}", "--scope", "models", "--scope", "api"))
    provider.answers.clear()
    answers = []
    try:
        calls = [threading.Thread(target=lambda t=t: answers.append(ask(gateway, "POST", "/models/gpt/v1/chat/completions", conversation("wait"), token=t, prefix="")))
                 for t in tokens for _ in range(4)]
        for call in calls:
            call.start()
        deadline = time.monotonic() + 20
        while len(answers) < 4 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [answer.status for answer in answers] == [503] * 4, answers
        assert answers[0].headers["Retry-After"] == "1"
        assert ask(gateway, "GET", "/databases", token=token).status == 200
    finally:
        provider.answers.set()
    for call in calls:
        call.join()
    assert sorted(answer.status for answer in answers) == [200] * 12 + [503] * 4


def test_stopping_waits_for_no_model(server, provider):
    provider.slow = 5
    slow = Gateway(server, start=False)
    slow.write_config(server, extra=f"models: [{{ name: claude, api: anthropic, url: '{provider.url}' }}]")
    slow.start()
    token = known_token(slow, "--user", "alice", "--scope", "models", "--scope", "api")
    asking = threading.Thread(target=lambda: swallow(slow, token), daemon=True)
    asking.start()
    deadline = time.time() + 20
    while not provider.asked and time.time() < deadline:
        time.sleep(0.05)
    begun = time.time()
    slow.stop()
    assert time.time() - begun < 10


def swallow(gateway, token):
    try:
        ask(gateway, "POST", "/models/claude/v1/messages", conversation("x", stream=True), token, prefix="")
    except OSError:
        pass
