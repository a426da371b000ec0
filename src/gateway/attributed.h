#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "agents/attribution.h"
#include "base/secret.h"
#include "gateway/statement.h"
#include "policy/decision.h"

namespace sluice::gateway {

/// Whether a setting of a session says for which run, prompt or call its statements are:
/// sluice.run, sluice.prompt, sluice.call, sluice.tool, sluice.trace,
/// sluice.trace_state.
bool is_attribution(std::string_view setting);

/// Whether a text says so, or takes back what was said, by its SET or by its sqlcommenter comment.
bool speaks_of_attribution(const Statement& statement);

/// For which run, prompt and call a statement is: what the session has said, or its comment says,
/// or what `text` sets, if `sets` comes back as true. Fails with what to tell the client. `secret`:
/// of the installation; prompts are `user`'s own.
tl::expected<agents::Attribution, std::shared_ptr<const policy::Decision>> attribution_of(
    const Statement& statement, std::string_view text, const agents::Attribution& session,
    const std::string& user, const SecretString& secret, bool& sets);

/// The tags of a statement's comment, which may be null, and what its session has said in their
/// place: `traceparent`, `tracestate`, `gen_ai.tool.name`.
std::vector<std::string> tags_with(const agents::Attribution& said,
                                   const std::vector<std::string>* tags);

}  // namespace sluice::gateway
