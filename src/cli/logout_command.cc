// sluice logout: the end of what `sluice login` began.
#include <algorithm>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "cli/credential_commands.h"
#include "cli/end_kept.h"
#include "cli/kept.h"
#include "cli/output.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

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
    auto ended = end_at_gateway(kept, "is removed here");
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
