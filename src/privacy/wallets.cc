#include "privacy/wallets.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/hash.h"

namespace sluice::privacy {
namespace {

constexpr std::string_view kBase58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::string_view kBech32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Decodes into exactly `N` bytes; false if it does not fit.
template <size_t N>
bool decode58(std::string_view text, std::array<unsigned char, N>& out) {
  out.fill(0);
  for (const char c : text) {
    const size_t value = kBase58.find(c);
    if (value == std::string_view::npos) return false;
    uint32_t carry = static_cast<uint32_t>(value);
    for (size_t i = N; i-- > 0;) {
      carry += out[i] * 58U;
      out[i] = static_cast<unsigned char>(carry & 0xFF);
      carry >>= 8;
    }
    if (carry != 0) return false;
  }
  return true;
}

template <size_t N>
bool checked58(std::string_view text, unsigned char* version) {
  std::array<unsigned char, N> raw;
  if (!decode58(text, raw)) return false;
  const auto first = sha256({reinterpret_cast<const char*>(raw.data()), N - 4});
  const auto second = sha256({first.data(), first.size()});
  if (std::memcmp(second.data(), raw.data() + N - 4, 4) != 0) return false;
  *version = raw[0];
  return true;
}

}  // namespace

bool base58check(std::string_view text, unsigned char* version) {
  if (text.size() >= 25 && text.size() <= 35) return checked58<25>(text, version);
  if (text.size() == 51) return checked58<37>(text, version);
  if (text.size() == 52) return checked58<38>(text, version);
  return false;
}

bool bech32(std::string_view text) {
  if (text.size() < 14 || text.size() > 120) return false;
  std::string lower(text);
  const bool has_upper =
      std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  const bool has_lower =
      std::any_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (has_upper && has_lower) return false;
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const size_t one = lower.rfind('1');
  if (one == std::string::npos || one == 0 || one + 7 > lower.size()) return false;
  uint32_t check = 1;
  const auto feed = [&](uint32_t value) {
    constexpr std::array<uint32_t, 5> kGenerator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                                    0x2a1462b3};
    const uint32_t top = check >> 25;
    check = (check & 0x1ffffff) << 5 ^ value;
    for (size_t i = 0; i < 5; ++i)
      if ((top >> i & 1) != 0) check ^= kGenerator[i];
  };
  for (size_t i = 0; i < one; ++i) feed(static_cast<unsigned char>(lower[i]) >> 5);
  feed(0);
  for (size_t i = 0; i < one; ++i) feed(static_cast<unsigned char>(lower[i]) & 31);
  for (size_t i = one + 1; i < lower.size(); ++i) {
    const size_t value = kBech32.find(lower[i]);
    if (value == std::string_view::npos) return false;
    feed(static_cast<uint32_t>(value));
  }
  return check == 1 || check == 0x2bc830a3;
}

bool ethereum_address(std::string_view text) {
  if (text.size() != 42 || !(text.starts_with("0x") || text.starts_with("0X"))) return false;
  return text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
}

bool is_wallet(std::string_view text) {
  unsigned char version = 0;
  if (text.size() < 25) return false;
  return ethereum_address(text) || bech32(text) ||
         (text.size() <= 35 && base58check(text, &version));
}

}  // namespace sluice::privacy
