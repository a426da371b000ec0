#include "identity/totp.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"

namespace sluice::identity {
namespace {

constexpr int64_t kStepMicros = 30'000'000;

/// RFC 4648, section 6, without padding.
std::string base32(std::string_view raw) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out;
  unsigned bits = 0, buffer = 0;
  for (const unsigned char byte : raw) {
    buffer = (buffer << 8 | byte) & 0xFFFFU;
    for (bits += 8; bits >= 5; bits -= 5) out += kDigits[buffer >> (bits - 5) & 31];
  }
  if (bits > 0) out += kDigits[buffer << (5 - bits) & 31];
  return out;
}

/// For a URI: what is not unreserved is escaped.
std::string escaped(std::string_view text) {
  std::string out;
  for (const unsigned char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_';
    out += plain ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
  }
  return out;
}

}  // namespace

std::string totp_code(std::string_view secret, int64_t step) {
  std::string counter(8, '\0');
  for (int i = 7; i >= 0; --i, step >>= 8)
    counter[static_cast<size_t>(i)] = static_cast<char>(step);
  const auto digest = hmac_sha1(secret, counter);
  const auto at = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(digest[i])); };
  const size_t offset = at(19) & 15;
  const uint32_t value =
      (at(offset) & 0x7F) << 24 | at(offset + 1) << 16 | at(offset + 2) << 8 | at(offset + 3);
  return fmt::format("{:06}", value % 1'000'000);
}

std::string totp_uri(std::string_view user, std::string_view secret) {
  return fmt::format("otpauth://totp/sluice:{}?secret={}&issuer=sluice", escaped(user),
                     base32(secret));
}

Result<bool> take_totp(store::Database& database, const User& user, std::string_view code,
                       int64_t now_micros) {
  int64_t taken = 0;
  for (int64_t step = now_micros / kStepMicros - 1; step <= now_micros / kStepMicros + 1; ++step) {
    if (equal_constant_time(totp_code(user.totp_secret.reveal(), step), code)) taken = step;
  }
  if (taken == 0) return false;
  SLUICE_ASSIGN(auto update, database.prepare("UPDATE users SET totp_step = ?2 WHERE name = ?1 AND "
                                              "totp_step < ?2"));
  SLUICE_TRY(update.bind(1, user.name).bind(2, taken).run());
  return database.changes() == 1;
}

}  // namespace sluice::identity
