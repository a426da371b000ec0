#include "models/thoughts.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/bytes.h"

namespace sluice::models {
namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 6> kThoughts = {"thinking",          "redacted_thinking",
                                                       "reasoning",         "reasoning.text",
                                                       "reasoning.summary", "reasoning.encrypted"};
/// What a thought may say of itself besides, by those who make it.
constexpr std::array<std::string_view, 3> kStates = {"completed", "in_progress", "incomplete"};
constexpr std::array<std::string_view, 6> kFormats = {
    "unknown",          "openai-responses-v1", "azure-openai-responses-v1",
    "xai-responses-v1", "anthropic-claude-v1", "google-gemini-v1"};
/// More parts no thought has.
constexpr int64_t kMostParts = 10'000;

template <typename Names>
bool is_one_of(std::string_view name, const Names& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view type_of(const json::object& part) {
  const auto* type = part.if_contains("type");
  return type != nullptr && type->is_string() ? std::string_view(type->get_string())
                                              : std::string_view();
}

void append(std::string& to, std::string_view text) {
  if (!to.empty() && !text.empty()) to += "\n\n";
  to += text;
}

/// A text, or a list of parts that have nothing but a type and a text. False: it is anything else.
bool take_words(const json::value& value, std::string& to) {
  if (value.is_string()) {
    append(to, value.get_string());
    return true;
  }
  const auto* parts = value.if_array();
  if (parts == nullptr) return value.is_null();
  return std::all_of(parts->begin(), parts->end(), [&](const json::value& each) {
    const auto* part = each.if_object();
    const auto* text = part == nullptr ? nullptr : part->if_contains("text");
    if (text == nullptr || !text->is_string() || part->size() != 2) return false;
    const auto type = type_of(*part);
    if (type != "summary_text" && type != "reasoning_text" && type != "text") return false;
    append(to, text->get_string());
    return true;
  });
}

/// What servers set and nobody reads: nothing else fits in it.
bool says_nothing(std::string_view name, const json::value& value) {
  if (value.is_null()) return true;
  if (name == "index") {
    const auto* index = value.if_int64();
    return index != nullptr && *index >= 0 && *index < kMostParts;
  }
  return value.is_string() && ((name == "status" && is_one_of(value.get_string(), kStates)) ||
                               (name == "format" && is_one_of(value.get_string(), kFormats)));
}

/// The first so many bytes of it at most, as UTF-8.
std::string beginning(std::string_view text, size_t most) {
  return to_printable_utf8(text.substr(0, most));
}

}  // namespace

bool is_thought(const json::object& part) { return is_one_of(type_of(part), kThoughts); }

Thought read_thought(const json::object& part, bool& more) {
  Thought out;
  for (const auto& member : part) {
    const std::string_view name = member.key();
    const json::value& value = member.value();
    std::string* bytes = name == "id"                                    ? &out.id
                         : name == "signature"                           ? &out.signature
                         : name == "data" || name == "encrypted_content" ? &out.encrypted
                                                                         : nullptr;
    const bool words =
        name == "thinking" || name == "summary" || name == "content" || name == "text";
    if (name == "type") continue;
    if (bytes != nullptr && value.is_string()) {
      *bytes = value.get_string();
    } else if (!(words && take_words(value, out.text)) && !says_nothing(name, value)) {
      more = true;
    }
  }
  return out;
}

std::optional<Thought> thought_of(const json::object& part) {
  bool more = false;
  auto out = read_thought(part, more);
  if (!is_thought(part) || more) return std::nullopt;
  return out;
}

json::object to_json(const Thought& thought) {
  json::object out;
  const std::pair<const char*, const std::string*> all[] = {{"id", &thought.id},
                                                            {"text", &thought.text},
                                                            {"signature", &thought.signature},
                                                            {"encrypted", &thought.encrypted}};
  for (const auto& [name, value] : all) {
    if (!value->empty()) out[name] = *value;
  }
  return out;
}

std::string fitted(json::object answer, size_t most) {
  std::string whole = json::serialize(answer);
  const auto* thoughts = answer.if_contains("thoughts");
  if (whole.size() <= most || thoughts == nullptr || !thoughts->is_array()) return whole;
  const json::array all = thoughts->get_array();
  answer["thoughts"] = json::array();
  answer["unread"] = true;
  const size_t rest = json::serialize(answer).size();
  size_t room = most > rest ? most - rest : 0;
  for (const auto& each : all) {
    json::value thought = each;
    size_t size = json::serialize(thought).size() + 1;
    if (size > room) {
      // Without what only its provider can read, and as much of its words as there is room for.
      const auto* said = each.is_object() ? each.get_object().if_contains("text") : nullptr;
      if (said == nullptr || !said->is_string()) continue;
      const std::string_view text = said->get_string();
      size_t taken = std::min(text.size(), room);
      do {
        thought = json::object{{"text", beginning(text, taken)}, {"cut", true}};
        size = json::serialize(thought).size() + 1;
        taken = taken / 4 * 3;
      } while (size > room && taken > 0);
      if (size > room) break;
    }
    room -= size;
    answer["thoughts"].get_array().push_back(std::move(thought));
  }
  return json::serialize(answer);
}

}  // namespace sluice::models
