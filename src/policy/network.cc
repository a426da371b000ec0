#include "policy/network.h"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace sluice::policy {
namespace {

constexpr unsigned kMappedBits = 96;

std::optional<AddressBytes> parse_plain(std::string_view text, bool& v4) {
  char buffer[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof buffer) return std::nullopt;
  *std::copy(text.begin(), text.end(), buffer) = '\0';
  AddressBytes bytes{};
  v4 = inet_pton(AF_INET, buffer, bytes.data() + 12) == 1;
  if (v4) {
    bytes[10] = bytes[11] = 0xFF;
    return bytes;
  }
  if (inet_pton(AF_INET6, buffer, bytes.data()) == 1) return bytes;
  return std::nullopt;
}

bool bit_at(const AddressBytes& bytes, unsigned i) {
  return (bytes[i / 8] >> (7 - i % 8) & 1) != 0;
}

}  // namespace

std::optional<AddressBytes> parse_address(std::string_view text) {
  bool v4 = false;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    return parse_plain(text.substr(1, close - 1), v4);
  }
  if (std::count(text.begin(), text.end(), ':') == 1) text = text.substr(0, text.find(':'));
  return parse_plain(text, v4);
}

bool Network::contains(const AddressBytes& other) const {
  const unsigned whole = bits / 8;
  if (!std::equal(address.begin(), address.begin() + whole, other.begin())) return false;
  for (unsigned i = whole * 8; i < bits; ++i) {
    if (bit_at(address, i) != bit_at(other, i)) return false;
  }
  return true;
}

Result<Network> parse_network(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("\"{}\" {}; expected a network such as 10.0.0.0/8 or 2001:db8::/32",
                            text, why));
  };
  const size_t slash = text.find('/');
  bool v4 = false;
  const auto address = parse_plain(text.substr(0, slash), v4);
  if (!address) return bad("is no network");
  Network network{*address, 128, std::string(text)};
  if (slash != std::string_view::npos) {
    unsigned bits = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, bits);
    if (error != std::errc() || stop != end || bits > (v4 ? 32U : 128U))
      return bad("has no valid prefix length");
    network.bits = v4 ? bits + kMappedBits : bits;
  }
  for (unsigned i = network.bits; i < 128; ++i) {
    if (bit_at(network.address, i)) return bad("has bits set behind its prefix");
  }
  return network;
}

}  // namespace sluice::policy
