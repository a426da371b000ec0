#include "identity/jwt.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/secret.h"

namespace sluice::identity {
namespace {

constexpr size_t kLongestSubject = 255;  // OpenID Connect Core 1.0, section 2
constexpr size_t kShown = 200;
constexpr double kLastSecond = 253'402'300'799;  // of the year 9999

tl::unexpected<Error> refuse(std::string text) {
  return fail(ErrorCode::kAuthentication, std::move(text));
}

std::string shown(std::string_view text) { return to_printable_utf8(utf8_prefix(text, kShown)); }

bool contains(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool equal_without_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

/// Media types may be given without "application/" (RFC 7515, section 4.1.9).
bool good_type(const std::optional<std::string>& type, TokenUse use) {
  if (!type) return true;
  std::string_view name = *type;
  constexpr std::string_view kPrefix = "application/";
  if (equal_without_case(name.substr(0, kPrefix.size()), kPrefix))
    name.remove_prefix(kPrefix.size());
  return equal_without_case(name, "JWT") ||
         (use == TokenUse::kWorkload && equal_without_case(name, "at+jwt")) ||
         (use == TokenUse::kLogout && equal_without_case(name, "logout+jwt"));
}

/// The one key that may have signed it. Without a name there must be no choice.
Result<const PublicKey*> find_key(const Jws& token, const KeySet& keys) {
  const std::string_view family = family_of(token.algorithm());
  std::vector<const PublicKey*> fitting;
  for (const PublicKey& key : keys.keys) {
    const bool named = !token.kid() || key.kid() == *token.kid();
    const bool usable =
        key.family() == family && (key.algorithm().empty() || key.algorithm() == token.algorithm());
    if (named && usable) fitting.push_back(&key);
  }
  if (fitting.size() == 1) return fitting.front();
  if (!fitting.empty())
    return refuse("the token does not say which of its issuer's keys signed it");
  return fail(ErrorCode::kNotFound,
              "the token is signed with a key that its issuer does not publish for this use; check "
              "the issuer's jwks_uri");
}

Result<> check_audience(const Claims& claims, const TokenExpectations& expected) {
  const auto audiences = claims.list("aud");
  if (!audiences || audiences->empty()) return refuse("the token says not whom it is for (aud)");
  const bool named = std::any_of(audiences->begin(), audiences->end(), [&](const auto& one) {
    return contains(expected.audiences, one);
  });
  if (!named) {
    return refuse(
        fmt::format("the token is for \"{}\" (aud), not for this gateway (\"{}\"); check client_id "
                    "and audience",
                    shown(fmt::format("{}", fmt::join(*audiences, "\", \""))),
                    fmt::join(expected.audiences, "\", \"")));
  }
  if (expected.client_id.empty()) return {};
  // OpenID Connect Core 1.0, section 3.1.3.7, 4 and 5.
  const auto party = claims.text("azp");
  if (claims.all.contains("azp") ? party != expected.client_id : audiences->size() > 1)
    return refuse("the token was given to another client (azp); check client_id");
  return {};
}

Result<> check_times(Claims& claims, const TokenExpectations& expected, int64_t now) {
  const int64_t skew = std::chrono::duration_cast<std::chrono::seconds>(expected.skew).count();
  for (const char* name : {"exp", "nbf", "iat"}) {
    if (claims.all.contains(name) && !claims.time(name))
      return refuse(fmt::format("the token's {} is no point in time", name));
  }
  const auto expires = claims.time("exp");
  if (!expires) return refuse("the token never expires (exp)");
  if (*expires <= now - skew) {
    return refuse(
        fmt::format("the token has expired {} seconds ago; get a new one, or check this "
                    "machine's clock",
                    now - *expires));
  }
  for (const char* name : {"nbf", "iat"}) {
    const auto begins = claims.time(name);
    if (begins && *begins > now + skew) {
      return refuse(
          fmt::format("the token is from {} seconds in the future ({}); check this "
                      "machine's clock",
                      *begins - now, name));
    }
  }
  if (expected.use != TokenUse::kWorkload && !claims.time("iat"))
    return refuse("the token says not when it was made (iat)");
  claims.expires_seconds = *expires;
  return {};
}

/// OpenID Connect Core 1.0, section 3.1.3.6: half of the hash that the signature uses.
Result<> check_access_token(const Claims& claims, std::string_view algorithm,
                            const std::string& access_token) {
  if (access_token.empty() || !claims.all.contains("at_hash")) return {};
  // Of EdDSA that of Ed25519 itself (RFC 8032, section 5.1).
  const bool longest = algorithm.ends_with("512") || family_of(algorithm) == "Ed25519";
  const unsigned bits = longest ? 512 : algorithm.ends_with("384") ? 384 : 256;
  const std::string digest = sha2(bits, access_token);
  const auto given = claims.text("at_hash");
  if (!given || !equal_constant_time(*given, to_base64url(digest.substr(0, digest.size() / 2))))
    return refuse("the token belongs to another access token (at_hash)");
  return {};
}

}  // namespace

std::optional<std::string> Claims::text(std::string_view name) const {
  const auto* value = all.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

std::optional<std::vector<std::string>> Claims::list(std::string_view name) const {
  if (auto one = text(name)) return std::vector<std::string>{std::move(*one)};
  const auto* value = all.if_contains(name);
  if (value == nullptr || !value->is_array()) return std::nullopt;
  std::vector<std::string> texts;
  for (const auto& item : value->get_array()) {
    if (!item.is_string()) return std::nullopt;
    texts.emplace_back(item.get_string());
  }
  return texts;
}

std::optional<int64_t> Claims::time(std::string_view name) const {
  const auto* value = all.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto seconds = value->to_number<double>();
  if (!(seconds >= 0 && seconds <= kLastSecond)) return std::nullopt;
  return static_cast<int64_t>(seconds);
}

Result<Claims> verify_token(std::string_view token, const KeySet& keys,
                            const TokenExpectations& expected, int64_t now_seconds) {
  auto parsed = Jws::parse(token);
  if (!parsed) return refuse(std::move(parsed.error().text));
  if (!contains(expected.algorithms, parsed->algorithm())) {
    return refuse(fmt::format("the token's algorithm {} is not among those of its issuer ({})",
                              parsed->algorithm(), fmt::join(expected.algorithms, ", ")));
  }
  if (!good_type(parsed->type(), expected.use))
    return refuse("the token is of another kind than expected here (typ)");
  SLUICE_ASSIGN(const PublicKey* key, find_key(*parsed, keys));
  if (!parsed->verify(*key)) return refuse("the token's signature is not good");

  Claims claims;
  claims.all = parsed->claims();
  if (const auto issuer = claims.text("iss"); issuer != expected.issuer) {
    return refuse(fmt::format("the token is of another issuer, \"{}\", than \"{}\"",
                              shown(issuer.value_or("")), expected.issuer));
  }
  // What tells of an event (RFC 8417) says that it has happened, not that somebody is who they are.
  if (expected.use != TokenUse::kLogout && claims.all.contains("events"))
    return refuse("the token tells of an event and lets nobody in (events)");
  auto subject = claims.text("sub");
  if (!subject || subject->empty() || subject->size() > kLongestSubject || !is_utf8(*subject))
    return refuse("the token says not of whom it is (sub)");
  claims.subject = std::move(*subject);
  SLUICE_TRY(check_audience(claims, expected));
  SLUICE_TRY(check_times(claims, expected, now_seconds));
  if (expected.nonce) {
    const auto nonce = claims.text("nonce");
    if (!nonce || !equal_constant_time(*nonce, *expected.nonce))
      return refuse("the token belongs to another login (nonce); log in again");
  }
  SLUICE_TRY(check_access_token(claims, parsed->algorithm(), expected.access_token));
  return claims;
}

Result<std::string> claimed_issuer(std::string_view token) {
  auto parsed = Jws::parse(token);
  if (!parsed) return refuse(std::move(parsed.error().text));
  const auto* issuer = parsed->claims().if_contains("iss");
  if (issuer == nullptr || !issuer->is_string())
    return refuse("the token says not who issued it (iss)");
  return std::string(issuer->get_string());
}

}  // namespace sluice::identity
