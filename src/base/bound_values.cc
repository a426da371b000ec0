#include "base/bound_values.h"

#include <algorithm>

namespace sluice {

std::vector<BoundValue> bound_values(Bytes raw) {
  std::vector<BoundValue> out;
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
    out.push_back({value, formats == 1 ? u16(2) == 1 : formats > i && u16(2 + 2 * i) == 1});
  }
  return out;
}

std::vector<std::optional<std::string>> readable_values(Bytes raw) {
  std::vector<std::optional<std::string>> out;
  for (const BoundValue& value : bound_values(raw)) {
    if (!value.bytes) {
      out.emplace_back();
    } else {
      out.emplace_back(value.binary ? "\\x" + to_hex(*value.bytes)
                                    : to_printable_utf8(*value.bytes));
    }
  }
  return out;
}

}  // namespace sluice
