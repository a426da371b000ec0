#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/secret.h"

namespace sluice::agents {

/// Bytes of the name of a run, and of a tool's call.
inline constexpr size_t kLongestRun = 128;

/// What a statement was run for, as its client says: a claim, and never a proof of who it is. That
/// the prompt was registered by this user, in this run, is verified.
struct Attribution {
  std::string run;               ///< OpenTelemetry's gen_ai.conversation.id; empty: none
  std::string prompt;            ///< an id of `prompt_id`; empty: none
  std::string call;              ///< of a tool, as the model's API names it; empty: none
  std::string tool = {};         ///< OpenTelemetry's gen_ai.tool.name; empty: not said
  std::string trace = {};        ///< a traceparent of W3C Trace Context; empty: none
  std::string trace_state = {};  ///< and its tracestate; empty: none

  bool any() const { return !run.empty() || !call.empty(); }
  bool empty() const {
    return !any() && prompt.empty() && tool.empty() && trace.empty() && trace_state.empty();
  }
  friend bool operator==(const Attribution&, const Attribution&) = default;
};

/// Names of runs and calls: 1 to 128 of A-Z a-z 0-9 - _ . : @ / + = ~ #.
bool is_run(std::string_view text);

/// Whether a text can be a tracestate (W3C Trace Context, 3.3.1): up to 32 members KEY=VALUE with
/// commas between, 512 characters at most. Quotes and backslashes, which a value may have but no
/// vendor's has, are not taken: it is carried within a SET.
bool is_trace_state(std::string_view text);

/// A new name for a run, that nobody else has.
std::string make_run();

/// The id of a prompt: base64url of `digest`, 32 bytes, and of 16 bytes that the installation
/// vouches with, keyed with its `secret`, for the user and the run. So every gateway of an
/// installation can tell whether a client has registered what it names, and asks nobody.
std::string prompt_id(const SecretString& secret, std::string_view user, std::string_view run,
                      std::string_view digest);

/// Whether this user has registered it in this run.
bool is_prompt_of(const SecretString& secret, std::string_view user, std::string_view run,
                  std::string_view id);

/// The digest within; empty for what is no id.
std::string digest_of(std::string_view id);

/// What a prompt's digest is of: 16 random bytes, so that nobody finds a prompt by guessing, and
/// its text.
std::string digest_of_prompt(std::string_view salt, std::string_view text);

}  // namespace sluice::agents
