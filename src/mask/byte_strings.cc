// bytea, bit, varbit.
#include "mask/byte_strings.h"

#include "mask/families.h"
#include "mask/scalar_masker.h"
#include "mask/shape.h"
#include "mask/text.h"

namespace sluice::mask {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> from_hex(Bytes text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(high << 4 | low));
  }
  return bytes;
}

/// bytea_output = escape: a backslash doubled, other bytes as \ooo.
std::optional<std::string> from_escapes(Bytes text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes.push_back(text[i]);
    } else if (i + 1 < text.size() && text[i + 1] == '\\') {
      bytes.push_back('\\');
      ++i;
    } else {
      if (i + 3 >= text.size()) return std::nullopt;
      int value = 0;
      for (size_t k = i + 1; k <= i + 3; ++k) {
        if (text[k] < '0' || text[k] > '7') return std::nullopt;
        value = value * 8 + (text[k] - '0');
      }
      if (value > 255) return std::nullopt;
      bytes.push_back(static_cast<char>(value));
      i += 3;
    }
  }
  return bytes;
}

}  // namespace

std::optional<std::string> read_bytea(Bytes text) {
  return text.starts_with("\\x") ? from_hex(text.substr(2)) : from_escapes(text);
}

namespace {

struct ByteaCodec {
  using Value = std::string;
  static constexpr std::string_view kName = "bytea";

  std::optional<Value> parse(Bytes text) const { return read_bytea(text); }
  std::optional<Value> decode(Bytes bytes) const { return std::string(bytes); }
  Masked mask(Value& value, const Means& means) const {
    if (value.empty()) return Masked::kValue;
    const bool exact = means.rule.strategy == Strategy::kPseudonym;
    const bool readable = is_utf8(value) && value.find('\0') == std::string::npos;
    if (exact && !readable) {
      Shape shape(value);
      for (size_t i = 0; i < value.size(); ++i) shape.add_byte(i);
      shape.permute(*means.permuter);
      return Masked::kValue;
    }
    std::string masked;
    Rule rule = means.rule;
    if (!readable && rule.strategy != Strategy::kHash) rule.strategy = Strategy::kRedact;
    mask_text(value, rule, *means.permuter, kNoLimit, masked);
    value = std::move(masked);
    return Masked::kValue;
  }
  void print(const Value& value, std::string& out) const {
    out.append("\\x").append(to_hex(value));
  }
  void encode(const Value& value, std::string& out) const { out.append(value); }
};

/// A string of '0' and '1'.
struct BitCodec {
  using Value = std::string;
  static constexpr std::string_view kName = "bit string";

  std::optional<Value> parse(Bytes text) const {
    if (text.find_first_not_of("01") != Bytes::npos) return std::nullopt;
    return std::string(text);
  }
  std::optional<Value> decode(Bytes bytes) const {
    if (bytes.size() < 4) return std::nullopt;
    const size_t count = load_be32(bytes.data());
    if ((count + 7) / 8 != bytes.size() - 4) return std::nullopt;
    std::string bits(count, '0');
    for (size_t i = 0; i < count; ++i) {
      if ((static_cast<unsigned char>(bytes[4 + i / 8]) & (0x80 >> i % 8)) != 0) bits[i] = '1';
    }
    return bits;
  }
  Masked mask(Value& value, const Means& means) const {
    const bool exact =
        means.rule.strategy == Strategy::kPseudonym || means.rule.strategy == Strategy::kHash;
    if (!exact) {
      value.assign(value.size(), '0');
      return Masked::kValue;
    }
    Shape shape(value);
    for (size_t i = 0; i < value.size(); ++i) shape.add(i, '0', 2);
    shape.permute(*means.permuter);
    return Masked::kValue;
  }
  void print(const Value& value, std::string& out) const { out.append(value); }
  void encode(const Value& value, std::string& out) const {
    append_be32(out, static_cast<uint32_t>(value.size()));
    for (size_t i = 0; i < value.size(); i += 8) {
      unsigned char byte = 0;
      for (size_t k = i; k < i + 8; ++k) {
        byte = static_cast<unsigned char>(byte << 1 | (k < value.size() && value[k] == '1'));
      }
      out.push_back(static_cast<char>(byte));
    }
  }
};

}  // namespace

MaskerPtr bytes_masker(TypeRef type, const Means& means) {
  switch (type.oid) {
    case 17:
      return scalar(ByteaCodec{}, means);
    case 1560:
    case 1562:
      return scalar(BitCodec{}, means);
    default:
      return nullptr;
  }
}

}  // namespace sluice::mask
