#include "base/bound_values.h"

#include <algorithm>

namespace sluice {

std::vector<std::optional<std::string>> readable_values(Bytes raw) {
  std::vector<std::optional<std::string>> out;
  const auto u16 = [&](size_t at) {
    return at + 2 <= raw.size() ? load_be16(raw.data() + at) : uint16_t{0};
  };
  const size_t formats = u16(0);
  size_t at = 2 + 2 * formats;
  const size_t count = u16(at);
  at += 2;
  for (size_t i = 0; i < count && at + 4 <= raw.size(); ++i) {
    const uint32_t length = load_be32(raw.data() + at);
    at += 4;
    if (length == 0xFFFFFFFF) {
      out.emplace_back();
      continue;
    }
    const Bytes value = raw.substr(std::min(at, raw.size()), length);
    at += length;
    const bool binary = formats == 1 ? u16(2) == 1 : formats > i && u16(2 + 2 * i) == 1;
    out.emplace_back(binary ? "\\x" + to_hex(value) : to_printable_utf8(value));
  }
  return out;
}

}  // namespace sluice
