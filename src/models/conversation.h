#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/result.h"
#include "models/thoughts.h"

namespace sluice::models {

/// Whose form an API has: OpenAI's (Chat Completions, Responses, Completions, Embeddings) or
/// Anthropic's (Messages). https://platform.openai.com/docs/api-reference,
/// https://docs.anthropic.com/en/api/messages
enum class Api : uint8_t { kOpenai, kAnthropic };

/// What can be asked of a model here. kListModels: which there are, or what one of them is.
enum class Operation : uint8_t { kConverse, kEmbed, kCount, kListModels };

/// `path` is without what follows a "?". Nothing for what is not known: it might say something that
/// nobody would see.
std::optional<Operation> find_operation(Api api, std::string_view method, std::string_view path);

/// What a request asks.
struct Conversation {
  boost::json::object body;
  std::string model;
  bool streams = false;  ///< the answer comes as server-sent events
};

/// Errors: kInvalidInput.
Result<Conversation> read_conversation(std::string_view body);

/// What is done to a request before it leaves.
struct Changes {
  /// A text, to be put in the place of one.
  std::function<Result<std::string>(std::string_view)> text;
  /// Whether `text` would change it.
  std::function<bool(std::string_view)> is_sensitive;
  /// What stands for an id: the same for the same, and never the same for two.
  std::function<std::string(std::string_view)> id;
  /// Whether the model itself has thought this, here and in these words: it goes back untouched,
  /// since providers take no other. Empty: nothing is known of that.
  std::function<bool(const Thought&)> was_thought = {};
};

/// Changes each text that the model would read, and each id that is sensitive; ids of users always.
/// What pairs calls of tools with their results still does. kDenied for what is sensitive where a
/// word of the API belongs, and for what is no text (images, files, sound, numbers of tokens),
/// unless `attachments`: nobody looks into their bytes, but into all that stands beside them.
Result<> change_texts(Conversation& conversation, bool attachments, const Changes& changes);

}  // namespace sluice::models
