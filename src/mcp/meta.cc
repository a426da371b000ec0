#include "mcp/meta.h"

#include <algorithm>
#include <cstddef>

namespace sluice::mcp {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool coded = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                       hex_digit(text[i + 2]) >= 0;
    out +=
        coded ? static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])) : text[i];
    if (coded) i += 2;
  }
  return out;
}

}  // namespace

std::string baggage_member(std::string_view baggage, std::string_view key) {
  while (!baggage.empty()) {
    std::string_view member = baggage.substr(0, baggage.find(','));
    baggage.remove_prefix(std::min(baggage.size(), member.size() + 1));
    member = member.substr(0, member.find(';'));  // What follows are its properties.
    const size_t equals = member.find('=');
    if (equals != member.npos && trimmed(member.substr(0, equals)) == key)
      return percent_decoded(trimmed(member.substr(equals + 1)));
  }
  return "";
}

Meta meta_of(const boost::json::object& params) {
  Meta meta;
  const auto* given = params.if_contains("_meta");
  if (given == nullptr || !given->is_object()) return meta;
  const auto take = [&](std::string& out, std::string_view key) {
    const auto* value = given->get_object().if_contains(key);
    if (out.empty() && value != nullptr && value->is_string()) out = value->get_string();
  };
  take(meta.run, "sluice/run");
  take(meta.run, "gen_ai.conversation.id");
  take(meta.prompt, "sluice/prompt");
  take(meta.prompt_id, "sluice/prompt_id");
  take(meta.parent, "sluice/parent");
  take(meta.model, "gen_ai.request.model");
  take(meta.call, "gen_ai.tool.call.id");
  take(meta.trace, "traceparent");
  take(meta.trace_state, "tracestate");
  take(meta.baggage, "baggage");
  return meta;
}

}  // namespace sluice::mcp
