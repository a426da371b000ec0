#include "identity/oidc_identity.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/authentication.h"
#include "base/bytes.h"
#include "identity/words.h"

namespace sluice::identity {
namespace {

constexpr size_t kMostGroups = 500;
constexpr size_t kLongestWord = 63;
constexpr size_t kLongestClaim = 255;

tl::unexpected<Error> refuse(const config::IssuerConfig& config, const std::string& text) {
  return fail(ErrorCode::kAuthentication, fmt::format("issuer {}: {}", config.name, text));
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return c < 0x80 ? static_cast<char>(std::tolower(c)) : c; });
  return text;
}

Result<std::string> user_of(const Claims& claims, const config::IssuerConfig& config) {
  const auto given = claims.text(config.user_claim);
  if (!given || given->empty()) {
    return refuse(config, fmt::format("the token has no {}; name another claim with user_claim, or "
                                      "ask for it with scopes",
                                      config.user_claim));
  }
  if (config.user_claim == "email") {
    // Without that, anybody could call themselves so.
    const auto* verified = claims.all.if_contains("email_verified");
    if (verified == nullptr || !verified->is_bool() || !verified->get_bool()) {
      return refuse(config,
                    "it does not say that the e-mail address is verified (email_verified); "
                    "name a claim with user_claim that people cannot change");
    }
  }
  const size_t at = given->find('@');
  std::string domain = at == std::string::npos ? "" : lower(given->substr(at + 1));
  if (!config.domains.empty()) {
    const bool allowed = std::any_of(config.domains.begin(), config.domains.end(),
                                     [&](const auto& one) { return lower(one) == domain; });
    if (!allowed) {
      return refuse(config, fmt::format("\"{}\" is of none of its domains ({})",
                                        to_printable_utf8(utf8_prefix(*given, 100)),
                                        fmt::join(config.domains, ", ")));
    }
  }
  std::string name = config.strip_domain ? given->substr(0, at) : *given;
  // Mail addresses mean the same in small letters; two users must not.
  if (at != std::string::npos) name = lower(std::move(name));
  if (!is_plain_name(name)) {
    return refuse(config, fmt::format("\"{}\" cannot be a user's name: 1 to {} letters, digits and "
                                      "._@+-:/='#; name another claim with user_claim",
                                      to_printable_utf8(utf8_prefix(name, 100)), kLongestWord));
  }
  return name;
}

Result<std::vector<std::string>> groups_of(const Claims& claims,
                                           const boost::json::object* userinfo,
                                           const config::IssuerConfig& config) {
  Claims source;
  source.all = config.groups_from_userinfo && userinfo != nullptr ? *userinfo : claims.all;
  // Entra ID leaves out what is too much, and says so: rights must not hang on half of the groups.
  if (const auto* elsewhere = source.all.if_contains("_claim_names");
      elsewhere != nullptr && elsewhere->is_object() &&
      elsewhere->get_object().contains(config.groups_claim)) {
    return refuse(config,
                  "somebody is in more groups than a token holds; let the issuer send only "
                  "those assigned to this application");
  }
  if (!source.all.contains(config.groups_claim)) return std::vector<std::string>();
  auto groups = source.list(config.groups_claim);
  if (!groups || groups->size() > kMostGroups) {
    return refuse(config, fmt::format("the claim {} is no list of up to {} texts; check "
                                      "groups_claim",
                                      config.groups_claim, kMostGroups));
  }
  for (std::string& group : *groups) {
    group.insert(0, config.groups_prefix);
    const bool printable = is_utf8(group) && std::all_of(group.begin(), group.end(), [](char c) {
                             return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
                           });
    if (group.empty() || group.size() > kLongestWord || !printable) {
      return refuse(config, fmt::format("the group \"{}\" cannot be one here: 1 to {} printable "
                                        "bytes, with groups_prefix; let the issuer leave it out",
                                        to_printable_utf8(utf8_prefix(group, 100)), kLongestWord));
    }
  }
  std::sort(groups->begin(), groups->end());
  groups->erase(std::unique(groups->begin(), groups->end()), groups->end());
  return std::move(*groups);
}

/// Texts, truth values and whole numbers; what the token does not say is not there.
Result<std::map<std::string, std::string>> kept_claims(const Claims& claims,
                                                       const config::IssuerConfig& config) {
  std::map<std::string, std::string> out;
  for (const auto& name : config.claims) {
    const auto* value = claims.all.if_contains(name);
    if (value == nullptr || value->is_null()) continue;
    std::string text = value->is_string()                      ? std::string(value->get_string())
                       : value->is_bool() || value->is_int64() ? boost::json::serialize(*value)
                                                               : std::string();
    const bool printable = is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
                             return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
                           });
    if (text.empty() || text.size() > kLongestClaim || !printable) {
      return refuse(config,
                    fmt::format("its claim {} is no text, number or truth value of up to {} "
                                "printable bytes; take it out of claims",
                                name, kLongestClaim));
    }
    out.emplace(name, std::move(text));
  }
  return out;
}

}  // namespace

Result<VerifiedIdentity> identity_of(const Claims& claims, const boost::json::object* userinfo,
                                     const config::IssuerConfig& config, int64_t now_micros) {
  if (userinfo != nullptr) {
    // OpenID Connect Core 1.0, section 5.3.2: or it may be of somebody else.
    const auto* subject = userinfo->if_contains("sub");
    if (subject == nullptr || *subject != boost::json::value(claims.subject))
      return refuse(config, "its userinfo is of somebody else than its token");
  }
  VerifiedIdentity identity;
  identity.issuer = config.issuer;
  identity.subject = claims.subject;
  SLUICE_ASSIGN(identity.user, user_of(claims, config));
  identity.keep_groups = config.groups_claim.empty();
  if (!identity.keep_groups) {
    SLUICE_ASSIGN(identity.groups, groups_of(claims, userinfo, config));
  }
  identity.assurance.method = kByOidc;
  identity.assurance.issuer = config.issuer;
  identity.assurance.acr = claims.text("acr").value_or("");
  identity.assurance.amr = claims.list("amr").value_or(std::vector<std::string>());
  const auto when = claims.time("auth_time");
  // Not known is long ago: a session at the issuer may be days old.
  identity.assurance.authenticated_micros = when ? std::min(*when * 1'000'000, now_micros) : 0;
  SLUICE_ASSIGN(identity.assurance.claims, kept_claims(claims, config));
  const bool long_one = std::any_of(identity.assurance.amr.begin(), identity.assurance.amr.end(),
                                    [](const auto& one) { return one.size() > 255; });
  if (identity.assurance.acr.size() > 255 || identity.assurance.amr.size() > 32 || long_one)
    return refuse(config, "its acr or amr is too long");
  return identity;
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace sluice::identity
