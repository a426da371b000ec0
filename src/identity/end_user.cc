#include "identity/end_user.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/random.h"

namespace sluice::identity {
namespace {

constexpr std::string_view kVersion = "v1";

std::string to_base64url(Bytes raw) {
  std::string text = to_base64(raw);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(std::find(text.begin(), text.end(), '='), text.end());
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string padded(text);
  if (padded.find_first_of("+/=") != std::string::npos) return std::nullopt;
  std::replace(padded.begin(), padded.end(), '-', '+');
  std::replace(padded.begin(), padded.end(), '_', '/');
  padded.append((4 - padded.size() % 4) % 4, '=');
  return from_base64(padded);
}

std::string mac_of(const EndUserAssertion& assertion, std::string_view service,
                   const SecretString& key) {
  const std::string said =
      fmt::format("sluice-end-user-v1\n{}\n{}\n{}\n{}", service, assertion.end_user,
                  assertion.expires_seconds, assertion.session);
  const auto mac = hmac_sha256(key.reveal(), said);
  return {mac.data(), mac.size()};
}

std::optional<std::array<std::string_view, 5>> parts_of(std::string_view text) {
  std::array<std::string_view, 5> parts;
  for (size_t i = 0; i < parts.size(); ++i) {
    const size_t end = text.find('.');
    if ((end == std::string_view::npos) != (i + 1 == parts.size())) return std::nullopt;
    parts[i] = text.substr(0, end);
    if (end != std::string_view::npos) text.remove_prefix(end + 1);
  }
  return parts;
}

/// Digits alone, as they are signed.
std::optional<int64_t> number_in(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = error == std::errc() && end == text.data() + text.size() &&
                    std::to_string(value) == text && value > 0;
  return good ? std::optional(value) : std::nullopt;
}

/// A name that stands on one line and in a record.
bool is_name(std::string_view name) {
  const bool control =
      std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  return !name.empty() && name.size() <= kLongestEndUser && !control &&
         to_printable_utf8(name) == name;
}

Error refused(std::string why) { return {ErrorCode::kDenied, std::move(why)}; }

}  // namespace

std::string sign_end_user(const EndUserAssertion& assertion, std::string_view service,
                          const SecretString& key) {
  return fmt::format("{}.{}.{}.{}.{}", kVersion, to_base64url(assertion.end_user),
                     assertion.expires_seconds, assertion.session,
                     to_base64url(mac_of(assertion, service, key)));
}

Result<std::string> verify_end_user(std::string_view assertion, std::string_view service,
                                    const SecretString& key, std::string_view session,
                                    int64_t now_micros) {
  const auto parts = parts_of(assertion);
  if (!parts || (*parts)[0] != kVersion) {
    return fail(refused("it does not have the form v1.NAME.EXPIRES.SESSION.MAC"));
  }
  const auto name = from_base64url((*parts)[1]);
  const auto expires = number_in((*parts)[2]);
  const auto mac = from_base64url((*parts)[4]);
  if (!name || !expires || !mac || !is_name(*name)) {
    return fail(refused("one of its parts cannot be read"));
  }
  const EndUserAssertion said{*name, *expires, std::string((*parts)[3])};
  if (key.empty() || !equal_constant_time(*mac, mac_of(said, service, key))) {
    return fail(refused("it is not signed with the key of this service"));
  }
  const int64_t now = now_micros / 1'000'000;
  if (*expires <= now) return fail(refused("it has expired"));
  if (*expires > now + kLongestAssertion) {
    return fail(refused(fmt::format("it is good for longer than {} s", kLongestAssertion)));
  }
  if (!said.session.empty() && said.session != session) {
    return fail(refused("it is for another session"));
  }
  return *name;
}

SecretString make_assertion_key() { return SecretString(to_base64url(random_string(32))); }

}  // namespace sluice::identity
