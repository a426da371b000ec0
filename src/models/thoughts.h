#pragma once

#include <optional>
#include <string>

#include <boost/json.hpp>

namespace sluice::models {

/// What a model thought before it answered, as far as its provider tells it: in words, or in bytes
/// that only the provider can read. Providers take it back only as they have given it.
struct Thought {
  std::string id;         ///< of Responses; others give none
  std::string text;       ///< several parts stand one after the other, an empty line between them
  std::string signature;  ///< of Anthropic, over the text
  std::string encrypted;  ///< redacted_thinking; Responses' encrypted_content

  bool empty() const { return text.empty() && signature.empty() && encrypted.empty(); }
  bool operator==(const Thought&) const = default;
};

/// A part of a request or an answer that is a thought and nothing else: Anthropic's thinking and
/// redacted_thinking, Responses' reasoning, and reasoning_details of Chat Completions as many
/// servers have them. Nothing for any other, and for one with a member that a thought has not.
/// https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking,
/// https://platform.openai.com/docs/api-reference/responses/object
std::optional<Thought> thought_of(const boost::json::object& part);

/// Whether a part says by its type that it is a thought.
bool is_thought(const boost::json::object& part);

/// As thought_of, of a part that is known to be one; `more` is set where it has something else.
Thought read_thought(const boost::json::object& part, bool& more);

/// {"id", "text", "signature", "encrypted"}, what there is of it.
boost::json::object to_json(const Thought& thought);

/// An answer as AnswerReader has it, as JSON of at most `most` bytes if its thoughts can be cut to
/// that; what is left off is noted as "unread". Longer only where the rest of it is.
std::string fitted(boost::json::object answer, size_t most);

}  // namespace sluice::models
