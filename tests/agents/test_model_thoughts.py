"""What models think is kept with what they say and goes back as it was; ids give nothing away and still pair; models are looked up on the record."""

import json

import pytest
from client_of_api import ask, known_token
from test_model_shapes import CARD, RESPONSE, Everything, fresh, gateway, sdk  # noqa: F401
from test_models import ANTHROPIC, EMAIL, OPENAI, event, prompts_of

THINKING = {"type": "thinking", "thinking": f"The address is {EMAIL}, I look it up.", "signature": "c2lnbmVk"}
HIDDEN = {"type": "redacted_thinking", "data": "aGlkZGVu"}
REASONING = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "The card is 4111 1111 1111 1111."}], "encrypted_content": "aGlkZGVu"}


def thinking_events():
    yield event("message_start", message={**ANTHROPIC, "content": [], "stop_reason": None})
    yield event("content_block_start", index=0, content_block={"type": "thinking", "thinking": "", "signature": ""})
    for words in ("The address is ", EMAIL, ", I look it up."):
        yield event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": words})
    yield event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "c2lnbmVk"})
    yield event("content_block_stop", index=0)
    yield event("content_block_start", index=1, content_block=HIDDEN)
    yield event("content_block_stop", index=1)
    yield event("content_block_start", index=2, content_block={"type": "text", "text": ""})
    yield event("content_block_delta", index=2, delta={"type": "text_delta", "text": "I look it up."})
    yield event("content_block_stop", index=2)
    yield event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 5})
    yield event("message_stop")


def reasoning_events():
    yield event("response.output_item.added", output_index=0, item={"type": "reasoning", "id": "rs_1", "summary": []})
    yield event("response.reasoning_summary_text.delta", item_id="rs_1", output_index=0, summary_index=0, delta="The card is ")
    yield event("response.output_item.done", output_index=0, item=REASONING)
    yield event("response.output_text.delta", item_id="msg_1", output_index=1, content_index=0, delta="Forty-two.")
    yield event("response.completed", response={**RESPONSE, "output": [REASONING, *RESPONSE["output"]]})


class Thinker(Everything):
    """A provider whose models think, and tell it."""

    def __init__(self):
        super().__init__()
        outer, handler = self, self.server.RequestHandlerClass

        def do_POST(request):
            body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
            outer.asked.append((request.path, dict(request.headers), body))
            answers = {"/v1/messages": ({**ANTHROPIC, "content": [THINKING, HIDDEN, *ANTHROPIC["content"]]}, thinking_events),
                       "/v1/responses": ({**RESPONSE, "output": [REASONING, *RESPONSE["output"]]}, reasoning_events),
                       "/v1/chat/completions": ({**OPENAI, "choices": [{**OPENAI["choices"][0], "message": {
                           "role": "assistant", "content": "Forty-two.", "reasoning_content": f"I write to {EMAIL}."}}]}, None)}
            whole, events = answers[request.path]
            if body.get("stream"):
                return request.events(events())
            request.send(200, "application/json", json.dumps(whole))

        def do_GET(request):
            outer.asked.append((request.path, dict(request.headers), None))
            request.send(200, "application/json", json.dumps({"id": request.path, "object": "model", "type": "model", "data": []}))

        handler.do_POST, handler.do_GET = do_POST, do_GET


@pytest.fixture(scope="module")
def provider():
    running = Thinker()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def token(gateway):
    return known_token(gateway, "--user", "robot", "--acts-for", "alice", "--scope", "models")


QUESTION = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "who?"}]}


SIGNED, SUMMED = [{"text": THINKING["thinking"], "signature": "c2lnbmVk"}, {"encrypted": "aGlkZGVu"}], [
    {"id": "rs_1", "text": "The card is 4111 1111 1111 1111.", "encrypted": "aGlkZGVu"}]


# Pieces of messages of Chat Completions are read in Thoughts.OfChatCompletions.
@pytest.mark.parametrize("name,method,body,thoughts,stream", [
    ("claude", "messages.create", QUESTION, SIGNED, False), ("claude", "messages.create", QUESTION, SIGNED, True),
    ("gpt", "responses.create", {"model": "m", "input": "who?"}, SUMMED, False), ("gpt", "responses.create", {"model": "m", "input": "who?"}, SUMMED, True),
    ("gpt", "chat.completions.create", QUESTION, [{"text": f"I write to {EMAIL}."}], False)])
def test_thoughts_are_kept_with_the_answer(gateway, sdk, name, method, body, thoughts, stream):
    run = f"run-thoughts-{method}-{stream}"
    came = sdk(name, method, {**body, "stream": stream}, run)
    assert "error" not in came, came
    answer = json.loads(prompts_of(gateway, run)[1]["text"])
    assert answer["thoughts"] == thoughts and answer["text"] and not answer.get("unread"), answer
    # Encrypted, as all that is kept; on the record by its digest alone.
    records = gateway.wait_for(lambda found: len(found) >= 2, "--type", "prompt", "--run", run)
    assert EMAIL not in json.dumps(records) and "The card" not in json.dumps(records)
    for file in gateway.root.rglob("*"):
        if file.is_file() and not file.is_symlink():
            assert b"I look it up." not in file.read_bytes() and b"The card is" not in file.read_bytes(), file


def sent_back(sdk, provider, blocks, name="claude", **more):
    came = sdk(name, "messages.create", {**QUESTION, "messages": [{"role": "user", "content": "who?"}, {"role": "assistant", "content": blocks},
                                                               {"role": "user", "content": "go on"}], **more})
    assert "error" not in came, came
    return provider.asked[-1][2]["messages"][1]["content"]


def test_Threat91_thoughts_go_back_as_they_were_and_no_others(provider, sdk):
    for stream in (False, True):
        sdk("claude", "messages.create", {**QUESTION, "stream": stream})
        # Providers refuse a thought that was changed by a byte.
        assert sent_back(sdk, provider, [THINKING, HIDDEN, {"type": "text", "text": EMAIL}])[:2] == [THINKING, HIDDEN]
    for other in ({**THINKING, "signature": "b3RoZXI="}, {**THINKING, "thinking": f"{EMAIL} it is"}, {**THINKING, "note": EMAIL},
                  {"type": "text", "text": THINKING["thinking"]}):
        assert EMAIL not in json.dumps(sent_back(sdk, provider, [other])), other
    sdk("gpt", "responses.create", {"model": "m", "input": "who?"})
    sdk("gpt", "responses.create", {"model": "m", "input": [REASONING, {"role": "user", "content": "go on"}]})
    assert provider.asked[-1][2]["input"][0] == REASONING
    sdk("gpt", "responses.create", {"model": "m", "input": [{**REASONING, "id": "rs_2"}, {"role": "user", "content": "go on"}]})
    assert "4111 1111 1111 1111" not in json.dumps(provider.asked[-1][2])


def test_Threat91_ids_give_nothing_away_and_still_pair(provider, sdk):
    card, other = str(CARD), "4532000000031111"  # Their masks are the same.
    calls = [{"type": "tool_use", "id": each, "name": "f", "input": {}} for each in (card, "toolu_1")]
    results = [{"type": "tool_result", "tool_use_id": each, "content": "x"} for each in (card, "toolu_1")]
    sdk("claude", "messages.create", {**QUESTION, "metadata": {"user_id": "jane.miller"}, "messages": [
        {"role": "user", "content": "x"}, {"role": "assistant", "content": calls}, {"role": "user", "content": results}]})
    sent = provider.asked[-1][2]
    assert card not in json.dumps(sent) and "jane.miller" not in json.dumps(sent)
    called = [part["id"] for part in sent["messages"][1]["content"]]
    assert called == [part["tool_use_id"] for part in sent["messages"][2]["content"]] and called[1] == "toolu_1"
    users = []
    for user in ("jane.miller", "jane.miller", "john.miller"):
        sdk("gpt", "chat.completions.create", {**QUESTION, "user": user, "safety_identifier": user, "messages": [
            {"role": "assistant", "content": None, "tool_calls": [{"id": each, "type": "function", "function": {"name": "f", "arguments": "{}"}} for each in (card, other)]},
            *({"role": "tool", "tool_call_id": each, "content": "x"} for each in (card, other))]})
        sent = provider.asked[-1][2]
        assert user not in json.dumps(sent) and card not in json.dumps(sent) and other not in json.dumps(sent)
        called = [call["id"] for call in sent["messages"][0]["tool_calls"]]
        assert called == [message["tool_call_id"] for message in sent["messages"][1:]] and called[0] != called[1]
        assert sent["user"] == sent["safety_identifier"]
        users.append(sent["user"])
    assert users[0] == users[1] != users[2], "a provider can still tell one user from another"


@pytest.mark.parametrize("more", [{"tools": [{"name": str(CARD), "input_schema": {"type": "object"}}]}, {"model": "+14155552671"},
                                  {"messages": [{"role": str(CARD), "content": "x"}]}])
def test_Threat91_what_is_sensitive_is_no_word_of_the_api(provider, sdk, more):
    came = sdk("claude", "messages.create", {**QUESTION, **more})
    assert came["status"] == 403 and "sensitive" in came["error"] and not provider.asked, came


@pytest.mark.parametrize("name", ["claude", "gpt"])
def test_models_are_looked_up_on_the_record(gateway, provider, sdk, token, name):
    run = f"run-models-{name}"
    more = [{}] if name == "claude" else []
    assert "error" not in sdk(name, "models.list", None, run, [*more, "options"])
    assert sdk(name, "models.retrieve", None, run, ["small-1", *more, "options"])["answer"]["id"] == "/v1/models/small-1"
    answer = ask(gateway, "GET", f"/models/{name}/v1/models?limit=5&after_id=small-1", token=token, headers={"Sluice-Run": run}, prefix="")
    assert answer.status == 200 and [path for path, _, _ in provider.asked] == ["/v1/models", "/v1/models/small-1", "/v1/models?limit=5&after_id=small-1"]
    records = gateway.wait_for(lambda found: len(found) >= 3, "--type", "prompt", "--run", run)
    assert sorted(record["message"] for record in records) == ["GET /v1/models", "GET /v1/models/small-1", "GET /v1/models?limit=5&after_id=small-1"]
    assert all(record["user"] == "robot" and record["database"] == f"models/{name}" for record in records), records


@pytest.mark.parametrize("path,status", [("/v1/models/../files", 404), ("/v1/models/a%2F..%2Ffiles", 404), ("/v1/models/a%20b", 404), ("/v1/models/", 404),
                                         ("/v1/models?limit=5&of=a%40b", 400), (f"/v1/models/{CARD}", 403), (f"/v1/models?after_id={CARD}", 403)])
def test_Threat91_no_words_leave_in_an_address(gateway, provider, token, path, status):
    answer = ask(gateway, "GET", f"/models/gpt{path}", token=token, prefix="")
    assert answer.status == status and not provider.asked, answer.raw
