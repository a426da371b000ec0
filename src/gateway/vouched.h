#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::gateway {

// MCP and the console's queries run through the gateway's own listener. So that rules and the
// record have the address of whoever asks and not this machine's, such a connection states it at
// start-up (wire::postgres::kAskedFrom), and a secret of this process vouches for it.

/// What is stated of `address`.
std::string vouch_for(std::string_view address);

/// The address; nothing: the statement is not this process's.
std::optional<std::string> vouched_address(std::string_view stated);

}  // namespace sluice::gateway
