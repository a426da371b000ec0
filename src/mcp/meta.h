#pragma once

#include <string>
#include <string_view>

#include <boost/json.hpp>

namespace sluice::mcp {

/// What a client says in `_meta` of a call (docs/agents.md): in which run of an agent it is, and
/// for which prompt. Claims; nothing of it is checked here but its type: what is no text is left
/// out.
struct Meta {
  std::string run;          ///< "sluice/run", or gen_ai.conversation.id
  std::string prompt;       ///< "sluice/prompt": the text
  std::string prompt_id;    ///< "sluice/prompt_id": of one that is registered
  std::string parent;       ///< "sluice/parent": id of the prompt that led to it
  std::string model;        ///< gen_ai.request.model
  std::string call;         ///< gen_ai.tool.call.id
  std::string trace;        ///< "traceparent", of W3C Trace Context
  std::string trace_state;  ///< "tracestate", beside it
  std::string baggage;      ///< "baggage", of W3C Baggage

  bool any() const {
    return !run.empty() || !prompt.empty() || !prompt_id.empty() || !call.empty();
  }
};

/// Of the parameters of a call.
Meta meta_of(const boost::json::object& params);

/// The value of a member of a `baggage` header, percent-decoded; empty where there is none.
std::string baggage_member(std::string_view baggage, std::string_view key);

}  // namespace sluice::mcp
