#include "mcp/meta.h"

#include <string_view>

namespace sluice::mcp {

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
  return meta;
}

}  // namespace sluice::mcp
