// sluice logout: the end of what `sluice login` began.
#include <algorithm>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "base/clock.h"
#include "cli/call_http.h"
#include "cli/credential_commands.h"
#include "cli/kept.h"
#include "cli/output.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

/// Whether its gateway lets nobody in with it any more.
Result<> end_there(const Kept& kept) {
  if (kept.expires_micros <= wall_micros()) return {};
  const auto ended = call_http(kept.gateway, "DELETE", "/api/v1/session", "", kept.secret);
  // Who is not known there has been logged out already.
  if (ended || ended.error().code == ErrorCode::kAuthentication) return {};
  return fail(
      ended.error().code,
      fmt::format("what was kept for {} is removed here, but not ended there ({}): it would "
                  "let in whoever has a copy until {}; an admin ends it with: sluice token "
                  "revoke {}",
                  kept.gateway, ended.error().text, format_time(kept.expires_micros), kept.id));
}

Result<std::vector<Kept>> wanted(const std::filesystem::path& folder,
                                 const LogoutOptions& options) {
  SLUICE_ASSIGN(auto all, read_kept(folder));
  if (options.all) return all;
  const std::string gateway = without_slash(options.gateway);
  std::erase_if(all, [&](const Kept& kept) { return !gateway.empty() && kept.gateway != gateway; });
  if (all.empty()) {
    return fail(ErrorCode::kNotFound, gateway.empty()
                                          ? "nobody is logged in here"
                                          : fmt::format("nobody is logged in at {} here", gateway));
  }
  all.resize(1);  // The latest, which other commands take.
  return all;
}

}  // namespace

Result<> logout(const Common& common, const LogoutOptions& options) {
  SLUICE_ASSIGN(const auto folder, kept_folder());
  SLUICE_ASSIGN(const auto ending, wanted(folder, options));
  Result<> outcome;
  Listing listing{{"gateway", "user", "id", "ended"}, {}};
  for (const Kept& kept : ending) {
    auto ended = end_there(kept);
    // Also where it goes on there: who logs out is not to leave it lying about.
    SLUICE_TRY(forget(folder, kept));
    listing.rows.push_back(json::object{{"gateway", kept.gateway},
                                        {"user", kept.user},
                                        {"id", kept.id},
                                        {"ended", ended.has_value()}});
    if (ended && common.format == Format::kTable)
      std::cerr << fmt::format("logged out at {} as \"{}\"\n", kept.gateway, printable(kept.user));
    if (!ended && outcome) outcome = std::move(ended);
  }
  if (common.format != Format::kTable) print(std::cout, listing, common.format);
  return outcome;
}

}  // namespace sluice::cli
