#include "identity/token_rules.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/authentication.h"

namespace sluice::identity {
namespace {

constexpr std::string_view kScopes[] = {"api",    "approvals", "certificates", "changes",
                                        "grants", "mcp",       "models"};

}  // namespace

std::span<const std::string_view> token_scopes() { return kScopes; }

Result<> check_token(const std::vector<std::string>& scopes, Duration lifetime) {
  for (const auto& scope : scopes) {
    if (std::find(std::begin(kScopes), std::end(kScopes), scope) == std::end(kScopes)) {
      return fail(ErrorCode::kInvalidInput, fmt::format("there is no scope \"{}\"; there are {}",
                                                        scope, fmt::join(kScopes, ", ")));
    }
  }
  if (lifetime > kLongestToken) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("a token lives for at most {}d", kLongestToken.count()));
  }
  return {};
}

Result<NewCredential> new_token(const TokenWish& wish) {
  SLUICE_TRY(check_token(wish.scopes, wish.lifetime));
  const int64_t now = wall_micros();
  NewCredential next;
  next.user = wish.user;
  next.kind = CredentialKind::kToken;
  next.expires_micros =
      now + std::chrono::duration_cast<std::chrono::microseconds>(wish.lifetime).count();
  next.label = wish.label;
  next.scopes = wish.scopes;
  next.databases = wish.databases;
  next.assurance.method = kByToken;
  next.assurance.authenticated_micros = now;
  if (!wish.acts_for.empty()) next.actors = {wish.user, wish.acts_for};
  return next;
}

}  // namespace sluice::identity
