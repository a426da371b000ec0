#include "models/heard.h"

#include <algorithm>

#include "base/hash.h"

namespace sluice::models {
namespace json = boost::json;

namespace {

/// A message or a member in one form, however a client writes it: names stand in order, and what
/// says nothing is left out.
json::value plain(const json::value& value) {
  if (const auto* list = value.if_array()) {
    json::array out;
    for (const auto& each : *list) out.push_back(plain(each));
    return out;
  }
  const auto* object = value.if_object();
  if (object == nullptr) return value;
  std::vector<std::string_view> names;
  for (const auto& member : *object) {
    if (!member.value().is_null()) names.push_back(member.key());
  }
  std::sort(names.begin(), names.end());
  json::object out;
  for (const auto name : names) out[name] = plain(object->at(name));
  // A text of one part is a text.
  if (const auto* parts = out.if_contains("content");
      parts != nullptr && parts->is_array() && parts->get_array().size() == 1) {
    const auto* part = parts->get_array()[0].if_object();
    const auto* text = part == nullptr ? nullptr : part->if_contains("text");
    if (text != nullptr && text->is_string() && part->size() == 2 && part->contains("type"))
      out["content"] = json::string(text->get_string());
  }
  return out;
}

std::string digest_of(std::string_view whose, std::string_view name, const json::value& value) {
  std::string said(whose);
  said.append("\n").append(name).append("\n").append(json::serialize(plain(value)));
  return sha2(256, said);
}

/// No member of a conversation has a name with a space.
std::string thought_digest(std::string_view whose, std::string_view model,
                           const json::value& thought) {
  return digest_of(whose, "thought of " + std::string(model), thought);
}

bool is_conversation(std::string_view name, const json::value& value) {
  return value.is_array() && (name == "messages" || name == "input");
}

/// Whether a member may hold words at all.
bool may_say(std::string_view name, const json::value& value) {
  return name != "model" && (value.is_string() || value.is_structured());
}

bool is_from_model(const json::value& message) {
  const auto* object = message.if_object();
  if (object == nullptr) return false;
  const auto is = [&](std::string_view name, std::string_view wanted) {
    const auto* value = object->if_contains(name);
    return value != nullptr && value->is_string() && value->get_string() == wanted;
  };
  return is("role", "assistant") || is("type", "function_call") || is("type", "reasoning");
}

/// Where what stands behind the last that the model has said begins.
size_t behind_last_answer(const json::array& messages) {
  size_t begin = messages.size();
  while (begin > 0 && !is_from_model(messages[begin - 1])) --begin;
  return begin;
}

}  // namespace

void Heard::note(const std::string& digest) {
  static const auto kNothing = std::make_shared<const Nothing>();
  kept_.insert(digest, kNothing, 0);
}

Heard::News Heard::news(std::string_view whose, const Conversation& conversation) {
  const std::lock_guard lock(mutex_);
  News out;
  json::object words;
  const auto fresh = [&](std::string_view name, const json::value& value) {
    out.digests.push_back(digest_of(whose, name, value));
    return kept_.find(out.digests.back()) == nullptr;
  };
  for (const auto& member : conversation.body) {
    const std::string_view name = member.key();
    const json::value& value = member.value();
    if (is_conversation(name, value)) {
      const auto& messages = value.get_array();
      const size_t behind = behind_last_answer(messages);
      json::array some;
      for (size_t i = 0; i < messages.size(); ++i) {
        if (fresh(name, messages[i]) || i >= behind) some.push_back(messages[i]);
      }
      words[name] = std::move(some);
    } else if (may_say(name, value) && (fresh(name, value) || name == "prompt")) {
      words[name] = value;
    }
  }
  out.words = json::serialize(words);
  return out;
}

void Heard::keep(const News& news) {
  const std::lock_guard lock(mutex_);
  for (const auto& digest : news.digests) note(digest);
}

void Heard::keep_answer(std::string_view whose, const json::object& answer) {
  const auto* text = answer.if_contains("text");
  if (text == nullptr || !text->is_string() || answer.contains("tool_calls")) return;
  const json::object message{{"role", "assistant"}, {"content", *text}};
  const std::lock_guard lock(mutex_);
  for (const std::string_view name : {"messages", "input"}) note(digest_of(whose, name, message));
}

void Heard::keep_thoughts(std::string_view whose, std::string_view model,
                          const json::object& answer) {
  const auto* thoughts = answer.if_contains("thoughts");
  if (thoughts == nullptr || !thoughts->is_array()) return;
  const std::lock_guard lock(mutex_);
  for (const auto& each : thoughts->get_array()) note(thought_digest(whose, model, each));
}

bool Heard::was_thought(std::string_view whose, std::string_view model, const Thought& thought) {
  const std::string digest = thought_digest(whose, model, to_json(thought));
  const std::lock_guard lock(mutex_);
  return kept_.find(digest) != nullptr;
}

}  // namespace sluice::models
