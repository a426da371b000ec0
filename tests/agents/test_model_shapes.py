"""Whatever part of whichever of their APIs the providers' own SDKs send, what is sensitive in it stays here, and refusals can be read."""

import json
import pathlib
import re
import subprocess

import pytest
from client_of_api import known_token
from harness import npm
from harness.gateway import Gateway
from test_models import EMAIL, KEY, Provider, prompts_of

HERE = pathlib.Path(__file__).resolve().parent
CARD = 4111111111111111
RESPONSE = {"id": "resp_1", "object": "response", "created_at": 1, "model": "small-1", "status": "completed", "error": None,
            "output": [{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                        "content": [{"type": "output_text", "text": "Forty-two.", "annotations": []}]},
                       {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "look", "arguments": '{"of":"orders"}', "status": "completed"}],
            "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}}


def response_events():
    """As /v1/responses tells them."""
    def event(kind, **data):
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n"
    yield event("response.created", response={**RESPONSE, "status": "in_progress", "output": []})
    yield event("response.output_text.delta", item_id="msg_1", output_index=0, content_index=0, delta="Forty-two.")
    yield event("response.output_item.done", output_index=1, item=RESPONSE["output"][1])
    yield event("response.completed", response=RESPONSE)


class Everything(Provider):
    """A provider that answers on all paths."""

    def __init__(self):
        super().__init__()
        outer, handler = self, self.server.RequestHandlerClass

        def do_POST(request):
            if request.path not in ("/v1/responses", "/v1/embeddings", "/v1/messages/count_tokens"):
                return handler.do_chat(request)
            body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
            outer.asked.append((request.path, dict(request.headers), body))
            if body.get("stream"):
                return request.events(response_events())
            answers = {"/v1/responses": RESPONSE, "/v1/messages/count_tokens": {"input_tokens": 7}, "/v1/embeddings": {
                "object": "list", "model": "e", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}], "usage": {"prompt_tokens": 1, "total_tokens": 1}}}
            request.send(200, "application/json", json.dumps(answers[request.path]))

        handler.do_chat, handler.do_POST = handler.do_POST, do_POST


@pytest.fixture(scope="module")
def provider():
    running = Everything()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def fresh(provider):
    provider.asked.clear()


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
""")
    running.cli("user", "add", "robot", "--kind", "agent", "--group", "engineering", "--no-password")
    running.cli("user", "add", "watcher", "--kind", "service", "--group", "security", "--no-password")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def sdk(gateway):
    token = known_token(gateway, "--user", "robot", "--acts-for", "alice", "--scope", "models")
    packages = npm.packages("model-sdks", "openai@6", "@anthropic-ai/sdk@0.70.0")
    process = subprocess.Popen(["node", str(HERE / "models.mjs")], cwd=packages, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def call(name, method, body, run="run-shapes", args=None):
        asked = {"sdk": "anthropic" if name == "claude" else "openai", "base": f"http://127.0.0.1:{gateway.http}/models/{name}",
                 "key": token, "body": body, "call": method, "headers": {"Sluice-Run": run}, **({"args": args} if args else {})}
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    yield call
    process.stdin.close()
    process.wait(timeout=20)


SAYS = f"write to {EMAIL}"
SCHEMA = {"type": "object", "properties": {"who": {"type": "string", "enum": [EMAIL], "default": EMAIL, "description": SAYS},
                                           EMAIL: {"type": "integer", "enum": [CARD]}}, "required": [EMAIL]}
CHAT = {"model": "m", "user": EMAIL, "metadata": {"for": EMAIL, EMAIL: "x"}, "messages": [
    {"role": "developer", "content": SAYS}, {"role": "system", "content": [{"type": "text", "text": SAYS}], "name": EMAIL},
    {"role": "user", "content": [{"type": "text", "text": SAYS}]},
    {"role": "assistant", "content": None, "refusal": SAYS, "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": json.dumps({"to": EMAIL, "card": CARD})}},
        {"id": "call_2", "type": "custom", "custom": {"name": "f", "input": SAYS}}]},
    {"role": "assistant", "content": "", "function_call": {"name": "f", "arguments": json.dumps({EMAIL: 1})}},
    {"role": "tool", "tool_call_id": "call_1", "content": SAYS}, {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": SAYS}]},
    {"role": "function", "name": "f", "content": SAYS}],
    "tools": [{"type": "function", "function": {"name": "f", "description": SAYS, "parameters": SCHEMA}},
              {"type": "custom", "custom": {"name": "g", "description": SAYS, "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": SAYS}}}}],
    "functions": [{"name": "f", "description": SAYS, "parameters": SCHEMA}],
    "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "description": SAYS, "schema": SCHEMA, "strict": True}},
    "prediction": {"type": "content", "content": SAYS}, "stop": [EMAIL], "safety_identifier": EMAIL, "prompt_cache_key": EMAIL,
    "web_search_options": {"user_location": {"type": "approximate", "approximate": {"city": SAYS}}}}
RESPONSES = {"model": "m", "instructions": SAYS, "user": EMAIL, "metadata": {"for": EMAIL}, "input": [
    {"role": "user", "content": SAYS}, {"type": "message", "role": "user", "content": [{"type": "input_text", "text": SAYS}]},
    {"type": "message", "id": "msg_0", "role": "assistant", "status": "completed", "content": [
        {"type": "output_text", "text": SAYS, "annotations": [{"type": "url_citation", "url": f"https://x.example/{EMAIL}", "title": SAYS, "start_index": 0, "end_index": 1}]},
        {"type": "refusal", "refusal": SAYS}]},
    {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": SAYS}]},
    {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": json.dumps({"to": EMAIL})},
    {"type": "function_call_output", "call_id": "call_1", "output": SAYS},
    {"type": "function_call_output", "call_id": "call_1", "output": [{"type": "input_text", "text": SAYS}]},
    {"type": "custom_tool_call", "call_id": "call_2", "name": "g", "input": SAYS}, {"type": "custom_tool_call_output", "call_id": "call_2", "output": SAYS},
    {"type": "local_shell_call", "id": "l", "call_id": "c", "status": "completed", "action": {"type": "exec", "command": ["mail", EMAIL], "env": {"TO": EMAIL}}},
    {"type": "mcp_call", "id": "mcp_1", "name": "f", "server_label": "s", "arguments": json.dumps({"to": EMAIL}), "output": SAYS},
    {"type": "web_search_call", "id": "ws", "status": "completed", "action": {"type": "search", "query": SAYS}},
    {"type": "file_search_call", "id": "fs", "status": "completed", "queries": [SAYS], "results": [{"text": SAYS, "attributes": {"of": EMAIL}}]},
    {"type": "code_interpreter_call", "id": "ci", "status": "completed", "code": SAYS, "outputs": [{"type": "logs", "logs": SAYS}]}],
    "tools": [{"type": "function", "name": "f", "description": SAYS, "parameters": SCHEMA, "strict": True},
              {"type": "mcp", "server_label": "s", "server_url": f"https://x.example/?of={EMAIL}", "server_description": SAYS, "headers": {"For": EMAIL}}],
    "text": {"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA}}, "prompt_cache_key": EMAIL, "safety_identifier": EMAIL}
MESSAGES = {"model": "m", "max_tokens": 9, "system": [{"type": "text", "text": SAYS, "cache_control": {"type": "ephemeral"}}], "metadata": {"user_id": EMAIL},
            "stop_sequences": [EMAIL], "messages": [
    {"role": "user", "content": SAYS}, {"role": "user", "content": [{"type": "text", "text": SAYS, "citations": [{"type": "char_location", "cited_text": SAYS, "document_title": SAYS}]}]},
    {"role": "assistant", "content": [
        {"type": "thinking", "thinking": SAYS, "signature": "c2ln"}, {"type": "tool_use", "id": "t1", "name": "f", "input": {"to": EMAIL, EMAIL: {"card": CARD}}},
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": SAYS}},
        {"type": "mcp_tool_use", "id": "m1", "name": "f", "server_name": "s", "input": {"to": EMAIL}}]},
    {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "t1", "content": SAYS}, {"type": "tool_result", "tool_use_id": "t1", "is_error": True, "content": [{"type": "text", "text": SAYS}]},
        {"type": "search_result", "source": f"https://x.example/{EMAIL}", "title": SAYS, "content": [{"type": "text", "text": SAYS}]},
        {"type": "tool_result", "tool_use_id": "t2", "content": [{"type": "search_result", "source": SAYS, "title": SAYS, "content": [{"type": "text", "text": SAYS}]}]}]}],
    "tools": [{"name": "f", "description": SAYS, "input_schema": SCHEMA, "input_examples": [{"to": EMAIL, "card": CARD}]}],
    "output_format": {"type": "json_schema", "schema": SCHEMA}}


@pytest.mark.parametrize("name,method,body", [("gpt", "chat.completions.create", CHAT), ("gpt", "responses.create", RESPONSES),
                                              ("gpt", "responses.create", {**RESPONSES, "stream": True}),
                                              ("gpt", "completions.create", {"model": "m", "prompt": [SAYS], "suffix": SAYS, "user": EMAIL}),
                                              ("gpt", "embeddings.create", {"model": "m", "input": [SAYS, SAYS], "user": EMAIL, "encoding_format": "float"}),
                                              ("claude", "messages.create", MESSAGES), ("claude", "messages.countTokens", MESSAGES)])
def test_Threat91_nothing_leaves_in_any_part(provider, sdk, name, method, body):
    came = sdk(name, method, body)
    assert "answer" in came or "events" in came, came
    sent = json.dumps(provider.asked[-1][2])
    around = {match: sent[max(0, match - 80):match + 60] for match in (m.start() for m in re.finditer(re.escape(EMAIL), sent))}
    assert not around, "\n".join(around.values())
    assert str(CARD) not in sent, sent[max(0, sent.index(str(CARD)) - 80):][:140]


def test_answers_of_responses_are_kept(gateway, sdk):
    for stream in (False, True):
        run = f"run-responses-{stream}"
        came = sdk("gpt", "responses.create", {"model": "m", "input": f"how many, {stream}?", "stream": stream}, run)
        assert "error" not in came, came
        asked, answered = prompts_of(gateway, run)
        assert f"how many, {stream}?" in asked["text"] and "Forty-two." in answered["text"] and "call_1" in answered["text"] and "orders" in answered["text"]


@pytest.mark.parametrize("body", [{"model": "m", "messages": [{"role": "user", "content": [{"type": kind, **more}]}]} for kind, more in (
    ("image_url", {"image_url": {"url": "https://x.example/y.png"}}), ("input_audio", {"input_audio": {"data": "AAAA", "format": "wav"}}),
    ("file", {"file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "x.pdf"}}))])
def test_a_refusal_can_be_read_in_openais_sdk(provider, sdk, body):
    came = sdk("gpt", "chat.completions.create", body)
    assert came["status"] == 403 and "cannot be masked" in came["error"] and not provider.asked, came


@pytest.mark.parametrize("name,method,body", [
    ("gpt", "images.generate", {"model": "m", "prompt": "x"}), ("gpt", "audio.speech.create", {"model": "m", "input": "x", "voice": "alloy"}),
    ("gpt", "moderations.create", {"input": "x"}), ("gpt", "batches.create", {"input_file_id": "f", "endpoint": "/v1/responses", "completion_window": "24h"}),
    ("claude", "messages.batches.create", {"requests": []})])
def test_what_is_not_handed_on_is_told_so(provider, sdk, name, method, body):
    came = sdk(name, method, body)
    assert came["status"] == 404 and "not handed on" in came["error"] and not provider.asked, came


def test_a_model_is_looked_up(provider, sdk):
    assert sdk("gpt", "models.list", {})["answer"]["data"][0]["id"] == "small-1"
