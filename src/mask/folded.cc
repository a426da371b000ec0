#include "mask/folded.h"

#include <string>

namespace sluice::mask {
namespace {

/// What is left of each byte; 0: nothing.
constexpr std::array<char, 256> kFolded = [] {
  std::array<char, 256> folded{};
  for (size_t i = 0; i < folded.size(); ++i) {
    const auto c = static_cast<char>(i);
    const bool upper = c >= 'A' && c <= 'Z';
    const bool kept = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '@' || i >= 0x80;
    folded.at(i) = upper ? static_cast<char>(c + 32) : kept ? c : '\0';
  }
  return folded;
}();

}  // namespace

Bytes fold(Bytes value, std::string& buffer) {
  if (buffer.size() < value.size()) buffer.resize(value.size());
  size_t size = 0;
  bool digits_only = true;
  for (const char c : value) {
    const char kept = kFolded[static_cast<unsigned char>(c)];
    buffer[size] = kept;
    size += kept != '\0';
    digits_only &= kept == '\0' || (kept >= '0' && kept <= '9');
  }
  const Bytes folded = Bytes(buffer).substr(0, size);
  return digits_only && folded.starts_with("00") ? folded.substr(2) : folded;
}

}  // namespace sluice::mask
