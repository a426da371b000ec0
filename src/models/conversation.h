#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/result.h"

namespace sluice::models {

/// Whose form an API has: OpenAI's (Chat Completions, Responses, Completions, Embeddings) or
/// Anthropic's (Messages). https://platform.openai.com/docs/api-reference,
/// https://docs.anthropic.com/en/api/messages
enum class Api : uint8_t { kOpenai, kAnthropic };

/// What can be asked of a model here.
enum class Operation : uint8_t { kConverse, kEmbed, kCount, kListModels };

/// Nothing for what is not known: it might say something that nobody would see.
std::optional<Operation> find_operation(Api api, std::string_view method, std::string_view path);

/// What a request asks.
struct Conversation {
  boost::json::object body;
  std::string model;
  bool streams = false;  ///< the answer comes as server-sent events
};

/// Errors: kInvalidInput.
Result<Conversation> read_conversation(std::string_view body);

/// Calls `change` for each text that the model would read, to be put in its place. kDenied for what
/// is no text (images, files, sound, numbers of tokens), unless `attachments`: nobody looks into
/// their bytes, but into all that stands beside them.
Result<> change_texts(Conversation& conversation, bool attachments,
                      const std::function<Result<std::string>(std::string_view)>& change);

}  // namespace sluice::models
