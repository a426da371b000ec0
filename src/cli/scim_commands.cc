#include <iostream>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/units.h"
#include "cli/actor.h"
#include "cli/credential_commands.h"
#include "cli/open_store.h"
#include "cli/output.h"
#include "cli/tell_gateway.h"
#include "cli/told.h"
#include "identity/scim_store.h"
#include "identity/scim_tokens.h"

namespace sluice::cli {

Result<> scim_token_create(const Common& common, const ScimOptions& options) {
  SLUICE_ASSIGN(const Duration lifetime, parse_duration(options.lifetime));
  SLUICE_ASSIGN(auto database, open_store(common));
  const int64_t expires =
      wall_micros() + std::chrono::duration_cast<std::chrono::microseconds>(lifetime).count();
  SLUICE_ASSIGN(const auto issued,
                identity::ScimTokens(database, actor()).create(options.label, expires));
  const std::string until = format_time(issued.expires_micros);
  if (common.format == Format::kTable) std::cout << issued.secret.reveal() << '\n';
  told(common, {{"id", issued.id}, {"secret", issued.secret.reveal()}, {"expires", until}},
       fmt::format("SCIM token {}, until {}; it is not shown again\nto end it: sluice scim token "
                   "revoke {}",
                   issued.id, until, issued.id));
  return {};
}

Result<> scim_token_list(const Common& common, const ScimOptions& options) {
  SLUICE_ASSIGN(auto database, open_store(common));
  SLUICE_ASSIGN(const auto all, identity::ScimTokens(database, actor()).list());
  Listing listing{{"id", "state", "label", "author", "created", "expires", "last_used"}, {}};
  const int64_t now = wall_micros();
  for (const auto& token : all) {
    if (listing.rows.size() >= common.limit) break;
    if (!options.all && !token.live(now)) continue;
    listing.rows.push_back(boost::json::object{
        {"id", token.id},
        {"state", token.live(now)             ? "live"
                  : token.revoked_micros != 0 ? "revoked"
                                              : "expired"},
        {"label", token.label},
        {"author", token.author},
        {"created", format_time(token.created_micros)},
        {"expires", format_time(token.expires_micros)},
        {"last_used",
         token.last_used_micros == 0 ? "never" : format_time(token.last_used_micros)}});
  }
  print(std::cout, listing, common.format);
  return {};
}

Result<> scim_token_revoke(const Common& common, const ScimOptions& options) {
  SLUICE_ASSIGN(auto database, open_store(common));
  SLUICE_TRY(identity::ScimTokens(database, actor()).revoke(options.id));
  told(common, {{"id", options.id}, {"revoked", true}}, "");
  return {};
}

Result<> scim_adopt(const Common& common, const ScimOptions& options) {
  SLUICE_ASSIGN(auto database, open_store(common));
  SLUICE_TRY(identity::ScimStore(database, actor()).adopt(options.user));
  tell_gateway(common, options.user);
  told(common, {{"user", options.user}, {"adopted", true}}, "");
  return {};
}

}  // namespace sluice::cli
