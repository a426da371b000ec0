#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "models/conversation.h"
#include "models/thoughts.h"

namespace sluice::models {

/// Reads what a model answers as it comes, whole or as server-sent events, in any pieces: its words
/// what it thought and the tools that it calls. What it cannot read is left out and noted; nothing
/// that comes makes it fail.
class AnswerReader {
 public:
  AnswerReader(Api api, bool events) : api_(api), events_(events) {}

  void read(std::string_view bytes);
  /// {"text", "tool_calls": [{"id", "name", "arguments"}], "refusal", "stop", "input_tokens",
  /// "cached_input_tokens" (where they are not among these), "output_tokens", "unread", "thoughts":
  /// [Thought]}, what there is of it; a call without a name of its own, such as a provider's
  /// search, has its type for one. "unread": something was not understood, or too long.
  boost::json::object finish();

 private:
  struct Call {
    std::string id, name, arguments;
  };
  void take_event(std::string_view data);
  void take_whole(const boost::json::object& body);
  void take_openai(const boost::json::object& event);
  void take_anthropic(const boost::json::object& event);
  void take_item(const boost::json::object& event, std::string_view type);
  void take_choices(const boost::json::object& event);
  void take_message(const boost::json::object& message, int64_t place);
  void take_parts(const boost::json::array& parts, int64_t place);
  void take_reasoning(const boost::json::object& message, int64_t place);
  void take_thinking(const boost::json::object& part, int64_t place);
  void take_piece(const boost::json::object& event, std::string_view type);
  void think(std::string Thought::* where, int64_t place, std::string_view words);
  void take_usage(const boost::json::object& usage);
  void add(std::string& to, std::string_view text);
  Call& call(int64_t index);
  void take_call(int64_t index, const boost::json::object& part);
  void note_unknown(std::string_view type);

  Api api_;
  bool events_;
  std::string pending_;  ///< of a line, or of the whole answer
  std::string text_, refusal_, stop_;
  std::map<int64_t, Call> calls_;
  std::map<int64_t, Thought> thoughts_;  ///< by their place in the answer
  size_t thought_ = 0;                   ///< bytes of them
  int64_t input_tokens_ = -1, cached_tokens_ = 0, output_tokens_ = -1;
  size_t kept_ = 0;
  bool unread_ = false;
};

}  // namespace sluice::models
