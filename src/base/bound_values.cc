#include "base/bound_values.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

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

std::string readable_value(Bytes value, uint32_t type) {
  switch (type) {
    case 16:  // bool
      if (value.size() == 1) return value[0] != 0 ? "t" : "f";
      break;
    case 21:  // int2
      if (value.size() == 2) return std::to_string(static_cast<int16_t>(load_be16(value.data())));
      break;
    case 23:  // int4
      if (value.size() == 4) return std::to_string(static_cast<int32_t>(load_be32(value.data())));
      break;
    case 20:  // int8
      if (value.size() == 8) return std::to_string(static_cast<int64_t>(load_be64(value.data())));
      break;
    case 701:  // float8
      if (value.size() == 8)
        return fmt::format("{}", std::bit_cast<double>(load_be64(value.data())));
      break;
    case 19:    // name
    case 25:    // text
    case 114:   // json
    case 1042:  // bpchar
    case 1043:  // varchar
      return to_printable_utf8(value);
    default:
      break;
  }
  return "\\x" + to_hex(value);
}

std::vector<std::optional<std::string>> readable_values(Bytes raw, Bytes types) {
  std::vector<std::optional<std::string>> out;
  for (const BoundValue& value : bound_values(raw)) {
    const size_t at = out.size() * 4;
    const uint32_t type = at + 4 <= types.size() ? load_be32(types.data() + at) : 0;
    if (!value.bytes) {
      out.emplace_back();
    } else {
      out.emplace_back(value.binary ? readable_value(*value.bytes, type)
                                    : to_printable_utf8(*value.bytes));
    }
  }
  return out;
}

}  // namespace sluice
