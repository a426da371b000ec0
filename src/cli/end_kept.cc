#include "cli/end_kept.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "cli/call_http.h"

namespace sluice::cli {

Result<> end_at_gateway(const Kept& kept, std::string_view done) {
  if (kept.expires_micros <= wall_micros()) return {};
  const auto ended = call_http(kept.gateway, "DELETE", "/api/v1/session", "", kept.secret);
  // Who is not known there has been logged out already.
  if (ended || ended.error().code == ErrorCode::kAuthentication) return {};
  return fail(ended.error().code,
              fmt::format("what was kept for {} {}, but not ended there ({}): it would let in "
                          "whoever has a copy until {}; an admin ends it with: sluice token "
                          "revoke {}",
                          kept.gateway, done, ended.error().text, format_time(kept.expires_micros),
                          kept.id));
}

}  // namespace sluice::cli
