#include "audit/stamp.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"

namespace sluice::audit {
namespace {

constexpr std::string_view kVersion = "1";
/// Of 32 bytes: nobody finds a MAC of 128 bits by trying.
constexpr size_t kMacBytes = 16;

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '/' || c == ':';
}

/// It stands in a literal of a statement: nothing in it may mean anything there.
std::string escaped(std::string_view origin) {
  std::string out;
  for (const char c : origin) {
    if (plain(c)) {
      out.push_back(c);
    } else {
      out += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

/// The next word of `rest`, without the space behind it.
std::string_view word(std::string_view& rest) {
  const size_t end = std::min(rest.find(' '), rest.size());
  const auto taken = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return taken;
}

/// As `text` writes it: no sign, no zeros ahead.
std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text.front() == '0' || read.ec != std::errc() ||
      read.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

StampMaker::StampMaker(std::string_view secret, std::string_view origin, std::string_view database)
    : origin_(escaped(origin)), database_(database) {
  const auto key = hmac_sha256(secret, "sluice: stamps in the WAL");
  key_.assign(key.data(), key.size());
}

std::string StampMaker::text(uint64_t session, uint64_t token) const {
  std::string out = fmt::format("{} {} {} {}", kVersion, origin_, session, token);
  const auto mac = hmac_sha256(key_, fmt::format("{}\n{}", out, database_));
  out.append(1, ' ').append(to_hex({mac.data(), kMacBytes}));
  return out;
}

std::string StampMaker::statement(uint64_t session, uint64_t token) const {
  // Named with their schema: search_path is the client's.
  return fmt::format(
      "SELECT pg_catalog.pg_logical_emit_message(true, '{}'::pg_catalog.text, "
      "'{}'::pg_catalog.text), pg_catalog.pg_current_xact_id()",
      kStampPrefix, text(session, token));
}

bool StampMaker::genuine(std::string_view text) const {
  const auto stamp = parse_stamp(text);
  return stamp && claims(*stamp) && this->text(stamp->session, stamp->token) == text;
}

std::optional<Stamp> parse_stamp(std::string_view text) {
  std::string_view rest = text;
  if (word(rest) != kVersion) return std::nullopt;
  const auto origin = word(rest);
  const auto session = number(word(rest));
  const auto token = number(word(rest));
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  const bool good =
      !origin.empty() && session && token && rest.size() == 2 * kMacBytes &&
      std::all_of(rest.begin(), rest.end(), hex) &&
      std::all_of(origin.begin(), origin.end(), [](char c) { return plain(c) || c == '%'; });
  if (!good) return std::nullopt;
  return Stamp{std::string(origin), *session, *token};
}

}  // namespace sluice::audit
