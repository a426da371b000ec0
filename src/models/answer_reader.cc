#include "models/answer_reader.h"

#include <algorithm>

#include "models/counts.h"

namespace sluice::models {
namespace json = boost::json;

namespace {

/// Of one line, of all that is kept, and of an answer that comes whole.
constexpr size_t kLongestLine = size_t{8} << 20, kLongestKept = size_t{48} << 10,
                 kLongestWhole = size_t{8} << 20;
/// Of all thoughts: models think longer than they speak, and what they thought is known again only
/// where it was read to its last byte. All of it may stand in one line.
constexpr size_t kLongestThoughts = size_t{8} << 20;
constexpr int64_t kMostCalls = 256;

const json::object* object_of(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

const json::array* array_of(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value == nullptr ? nullptr : value->if_array();
}

std::string_view text_of(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

/// Whatever it calls: a client's tool, or one of the provider's own.
bool is_call(std::string_view type) { return type.ends_with("_call") || type.ends_with("_use"); }

/// Where calls say what they are called with.
constexpr std::string_view kCalledWith[] = {"arguments", "input",   "action",
                                            "code",      "queries", "operation"};
/// Parts of an answer that are words.
constexpr std::string_view kWords[] = {"text", "message", "output_text", "refusal"};
/// Members of a message of Chat Completions that are read, are thoughts, or say nothing of their
/// own.
constexpr std::string_view kMessage[] = {
    "role",        "content", "refusal",           "tool_calls",        "function_call",
    "annotations", "name",    "reasoning_content", "reasoning_details", "reasoning"};

/// A call's input as text; empty: it says nothing.
std::string called_with(const json::object& part) {
  for (const std::string_view name : kCalledWith) {
    const auto* value = part.if_contains(name);
    if (value == nullptr || value->is_null()) continue;
    return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
  }
  return {};
}

int64_t number_of(const json::object& from, std::string_view name, int64_t otherwise) {
  const auto number = count_of(from, name);
  return number ? static_cast<int64_t>(*number) : otherwise;
}

}  // namespace

void AnswerReader::read(std::string_view bytes) {
  const size_t most = events_ ? kLongestLine : kLongestWhole;
  if (pending_.size() + bytes.size() > most + bytes.size() && !events_) {
    unread_ = true;
    return;
  }
  pending_ += bytes;
  if (!events_) return;
  size_t at = 0;
  for (size_t end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n', at)) {
    std::string_view line(pending_.data() + at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with("data:")) continue;
    line.remove_prefix(5);
    if (line.starts_with(' ')) line.remove_prefix(1);
    take_event(line);
  }
  pending_.erase(0, at);
  if (pending_.size() <= kLongestLine) return;
  pending_.clear();
  unread_ = true;
}

void AnswerReader::take_event(std::string_view data) {
  if (data.empty() || data == "[DONE]") return;
  json::error_code error;
  const auto value = json::parse(data, error);
  if (error || !value.is_object()) {
    unread_ = true;
    return;
  }
  const auto& event = value.get_object();
  api_ == Api::kOpenai ? take_openai(event) : take_anthropic(event);
}

void AnswerReader::add(std::string& to, std::string_view text) {
  const size_t room = kLongestKept - std::min(kept_, kLongestKept);
  if (text.size() > room) unread_ = true;
  to += text.substr(0, room);
  kept_ += std::min(room, text.size());
}

AnswerReader::Call& AnswerReader::call(int64_t index) {
  if (index < 0 || index >= kMostCalls) {
    unread_ = true;
    index = kMostCalls;
  }
  return calls_[index];
}

/// All of a call, in place of what came of it before; not in that of another.
void AnswerReader::take_call(int64_t index, const json::object& part) {
  auto id = text_of(part, "call_id");
  if (id.empty()) id = text_of(part, "id");
  const auto name = text_of(part, "name");
  const auto is_others = [&](int64_t at) {
    const auto there = calls_.find(at);
    return there != calls_.end() && !there->second.id.empty() && there->second.id != id;
  };
  while (index < kMostCalls && is_others(index)) ++index;
  auto& called = call(index);
  kept_ -= called.id.size() + called.name.size() + called.arguments.size();
  called = {};
  add(called.id, id);
  add(called.name, name.empty() ? text_of(part, "type") : name);
  add(called.arguments, called_with(part));
}

/// The next words, signature or bytes of the thought at a place.
void AnswerReader::think(std::string Thought::* where, int64_t place, std::string_view words) {
  if (words.empty()) return;
  const bool known = place >= 0 && place < 2 * kMostCalls;
  const size_t room = kLongestThoughts - std::min(thought_, kLongestThoughts);
  if (!known || words.size() > room) unread_ = true;
  if (!known) return;
  thoughts_[place].*where += words.substr(0, room);
  thought_ += std::min(room, words.size());
}

/// All of a thought, in place of what came of it before.
void AnswerReader::take_thinking(const json::object& part, int64_t place) {
  const Thought thought = read_thought(part, unread_);
  if (const auto before = thoughts_.extract(place); !before.empty()) {
    const Thought& old = before.mapped();
    thought_ -= old.id.size() + old.text.size() + old.signature.size() + old.encrypted.size();
  }
  think(&Thought::id, place, thought.id);
  think(&Thought::text, place, thought.text);
  think(&Thought::signature, place, thought.signature);
  think(&Thought::encrypted, place, thought.encrypted);
}

void AnswerReader::note_unknown(std::string_view type) {
  if (std::find(std::begin(kWords), std::end(kWords), type) == std::end(kWords)) unread_ = true;
}

void AnswerReader::take_usage(const json::object& usage) {
  // Anthropic's, beside input_tokens.
  const int64_t cached = number_of(usage, "cache_creation_input_tokens", 0) +
                         number_of(usage, "cache_read_input_tokens", 0);
  cached_tokens_ = std::max(cached_tokens_, cached);
  input_tokens_ =
      number_of(usage, "input_tokens", number_of(usage, "prompt_tokens", input_tokens_));
  output_tokens_ =
      number_of(usage, "output_tokens", number_of(usage, "completion_tokens", output_tokens_));
}

/// Chat Completions and Completions (choices), and Responses (typed events).
void AnswerReader::take_openai(const json::object& event) {
  if (const auto* usage = object_of(event, "usage")) take_usage(*usage);
  const auto type = text_of(event, "type");
  take_piece(event, type);
  if (type.starts_with("response.output_item.")) take_item(event, type);
  if (const auto* response = object_of(event, "response"); response != nullptr) {
    if (type == "response.completed" || type == "response.incomplete") {
      stop_ = text_of(*response, "status");
      if (const auto* usage = object_of(*response, "usage")) take_usage(*usage);
      // All of it is there once more: what was not told piece by piece is told now.
      if (text_.empty() && refusal_.empty() && calls_.empty()) take_whole(*response);
    }
  }
  take_choices(event);
}

/// The next words of something that Responses tells piece by piece.
void AnswerReader::take_piece(const json::object& event, std::string_view type) {
  const auto delta = text_of(event, "delta");
  const int64_t place = number_of(event, "output_index", 0);
  if (type == "response.output_text.delta") add(text_, delta);
  if (type == "response.refusal.delta") add(refusal_, delta);
  if (type == "response.function_call_arguments.delta" ||
      type == "response.custom_tool_call_input.delta")
    add(call(place).arguments, delta);
  // All of it comes once more with its item, but not where the answer breaks off.
  if (type == "response.reasoning_summary_text.delta" || type == "response.reasoning_text.delta")
    think(&Thought::text, place, delta);
}

/// An item of Responses, as it begins and, whole, at its end.
void AnswerReader::take_item(const json::object& event, std::string_view type) {
  const auto* item = object_of(event, "item");
  if (item == nullptr) return;
  const auto kind = text_of(*item, "type");
  if (is_call(kind)) {
    take_call(number_of(event, "output_index", 0), *item);
  } else if (is_thought(*item)) {
    if (type == "response.output_item.done")
      take_thinking(*item, number_of(event, "output_index", 0));
  } else if (type == "response.output_item.done") {
    note_unknown(kind);
  }
}

void AnswerReader::take_choices(const json::object& event) {
  const auto* choices = array_of(event, "choices");
  if (choices == nullptr) return;
  for (const auto& each : *choices) {
    const auto* choice = each.if_object();
    if (choice == nullptr) continue;
    if (const auto stop = text_of(*choice, "finish_reason"); !stop.empty()) stop_ = stop;
    add(text_, text_of(*choice, "text"));
    const auto* said = object_of(*choice, "delta");
    if (said == nullptr) said = object_of(*choice, "message");
    if (said != nullptr) take_message(*said, number_of(*choice, "index", 0));
  }
}

/// Parts of one message.
void AnswerReader::take_parts(const json::array& parts, int64_t place) {
  for (const auto& each : parts) {
    const auto* part = each.if_object();
    if (part == nullptr) continue;
    if (is_thought(*part)) {
      think(&Thought::text, kMostCalls + place, read_thought(*part, unread_).text);
      continue;
    }
    add(text_, text_of(*part, "text"));
    add(refusal_, text_of(*part, "refusal"));
    note_unknown(text_of(*part, "type"));
  }
}

/// What a message of Chat Completions, or the next piece of it, tells of the model's thoughts: its
/// members are those of the servers that have any. Some tell the same words in two of them.
void AnswerReader::take_reasoning(const json::object& message, int64_t place) {
  bool told = false;
  int64_t next = 0;
  if (const auto* details = array_of(message, "reasoning_details")) {
    for (const auto& each : *details) {
      const auto* part = each.if_object();
      const int64_t at = part == nullptr ? 0 : number_of(*part, "index", next++);
      if (part == nullptr || !is_thought(*part) || at >= kMostCalls) {
        unread_ = true;
        continue;
      }
      const Thought thought = read_thought(*part, unread_);
      if (thoughts_[at].id != thought.id) think(&Thought::id, at, thought.id);
      think(&Thought::text, at, thought.text);
      think(&Thought::signature, at, thought.signature);
      think(&Thought::encrypted, at, thought.encrypted);
      told = told || !thought.text.empty();
    }
  }
  for (const std::string_view name : {"reasoning_content", "reasoning"}) {
    const auto* words = message.if_contains(name);
    if (words == nullptr || words->is_null()) continue;
    if (!words->is_string()) unread_ = true;
    if (!told) think(&Thought::text, kMostCalls + place, text_of(message, name));
    told = true;
  }
}

/// What a message of Chat Completions says, or the next piece of it.
void AnswerReader::take_message(const json::object& message, int64_t place) {
  add(text_, text_of(message, "content"));
  if (const auto* parts = array_of(message, "content")) take_parts(*parts, place);
  take_reasoning(message, place);
  add(refusal_, text_of(message, "refusal"));
  for (const auto& member : message) {
    const auto& value = member.value();
    const bool says = !value.is_null() && !(value.is_array() && value.get_array().empty());
    const auto known = std::find(std::begin(kMessage), std::end(kMessage), member.key());
    if (says && known == std::end(kMessage)) unread_ = true;
  }
  if (const auto* audio = object_of(message, "audio")) add(text_, text_of(*audio, "transcript"));
  const auto add_called = [this](Call& to, const json::object& from) {
    add(to.name, text_of(from, "name"));
    add(to.arguments, called_with(from));
  };
  // As it was before there were several.
  if (const auto* function = object_of(message, "function_call")) add_called(call(0), *function);
  const auto* called = array_of(message, "tool_calls");
  if (called == nullptr) return;
  int64_t next = 0;
  for (const auto& one : *called) {
    const auto* part = one.if_object();
    if (part == nullptr) continue;
    auto& kept = call(number_of(*part, "index", next++));
    add(kept.id, text_of(*part, "id"));
    const auto type = text_of(*part, "type");
    const auto* function = object_of(*part, type.empty() ? "function" : type);
    if (function == nullptr && type.empty()) function = object_of(*part, "custom");
    if (function != nullptr) {
      add_called(kept, *function);
    } else if (type != "function") {
      unread_ = true;
    }
  }
}

void AnswerReader::take_anthropic(const json::object& event) {
  const auto type = text_of(event, "type");
  const int64_t index = number_of(event, "index", 0);
  if (type == "message_start") {
    if (const auto* message = object_of(event, "message")) {
      if (const auto* usage = object_of(*message, "usage")) take_usage(*usage);
    }
  } else if (type == "content_block_start") {
    const auto* block = object_of(event, "content_block");
    if (block == nullptr) return;
    const auto kind = text_of(*block, "type");
    if (is_call(kind)) {
      // What it is called with comes in pieces, and is {} until then.
      json::object begun = *block;
      if (const auto* input = object_of(begun, "input"); input != nullptr && input->empty())
        begun.erase("input");
      take_call(index, begun);
    } else if (is_thought(*block)) {
      take_thinking(*block, index);
    } else {
      note_unknown(kind);
    }
    if (!is_thought(*block)) add(text_, text_of(*block, "text"));
  } else if (type == "content_block_delta") {
    const auto* delta = object_of(event, "delta");
    if (delta == nullptr) return;
    add(text_, text_of(*delta, "text"));
    think(&Thought::text, index, text_of(*delta, "thinking"));
    think(&Thought::signature, index, text_of(*delta, "signature"));
    if (text_of(*delta, "type") == "input_json_delta")
      add(call(index).arguments, text_of(*delta, "partial_json"));
  } else if (type == "message_delta") {
    if (const auto* delta = object_of(event, "delta")) stop_ = text_of(*delta, "stop_reason");
    if (const auto* usage = object_of(event, "usage")) take_usage(*usage);
  }
}

void AnswerReader::take_whole(const json::object& body) {
  if (const auto* usage = object_of(body, "usage")) take_usage(*usage);
  if (api_ == Api::kOpenai && body.contains("choices")) return take_openai(body);
  if (const auto stop = text_of(body, "stop_reason"); !stop.empty()) stop_ = stop;
  if (const auto stop = text_of(body, "status"); !stop.empty()) stop_ = stop;
  // Messages: content; Responses: output, of which some have content.
  const auto* parts = array_of(body, api_ == Api::kOpenai ? "output" : "content");
  if (parts == nullptr) return;
  int64_t place = 0, next = 0;
  for (const auto& each : *parts) {
    const int64_t at = next++;
    const auto* part = each.if_object();
    if (part == nullptr) continue;
    if (is_thought(*part)) {
      take_thinking(*part, at);
      continue;
    }
    const auto type = text_of(*part, "type");
    add(text_, text_of(*part, "text"));
    if (is_call(type)) {
      take_call(place++, *part);
    } else {
      note_unknown(type);
    }
    if (type != "message") continue;
    if (const auto* content = array_of(*part, "content")) take_parts(*content, 0);
  }
}

json::object AnswerReader::finish() {
  if (!events_) {
    json::error_code error;
    const auto value = json::parse(pending_, error);
    if (error || !value.is_object()) {
      unread_ = true;
    } else {
      take_whole(value.get_object());
    }
  } else if (pending_.starts_with("data:")) {
    unread_ = true;  // Cut off.
  }
  json::object out{{"text", text_}};
  json::array calls;
  for (const auto& [index, called] : calls_) {
    calls.push_back(
        json::object{{"id", called.id}, {"name", called.name}, {"arguments", called.arguments}});
  }
  if (!calls.empty()) out["tool_calls"] = std::move(calls);
  if (!refusal_.empty()) out["refusal"] = refusal_;
  if (!stop_.empty()) out["stop"] = stop_;
  if (input_tokens_ >= 0) out["input_tokens"] = input_tokens_;
  if (cached_tokens_ > 0) out["cached_input_tokens"] = cached_tokens_;
  if (output_tokens_ >= 0) out["output_tokens"] = output_tokens_;
  if (unread_) out["unread"] = true;
  json::array thoughts;
  for (const auto& [place, thought] : thoughts_) {
    if (!thought.empty()) thoughts.push_back(to_json(thought));
  }
  if (!thoughts.empty()) out["thoughts"] = std::move(thoughts);
  return out;
}

}  // namespace sluice::models
