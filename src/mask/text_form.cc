#include "mask/text_form.h"

#include <limits>

#include "mask/decimal.h"
#include "mask/float_mask.h"
#include "mask/time_text.h"

namespace sluice::mask {
namespace {

constexpr int kMaxDepth = 32;
constexpr Oid kText = 25;

template <typename T>
std::optional<Bytes> whole_number(uint64_t bits, std::string& buffer) {
  buffer = std::to_string(static_cast<T>(bits));
  return buffer;
}

template <typename T, typename Bits>
std::optional<Bytes> fraction(Bits bits, std::string& buffer) {
  T value;
  static_assert(sizeof value == sizeof bits);
  std::memcpy(&value, &bits, sizeof value);
  append_float(value, buffer);
  return buffer;
}

std::optional<Bytes> of_four(Oid written, uint32_t bits, std::string& buffer) {
  switch (written) {
    case 23:
      return whole_number<int32_t>(bits, buffer);
    case 26:
      return whole_number<uint32_t>(bits, buffer);
    case 700:
      return fraction<float>(bits, buffer);
    case 1082:
      append_day(static_cast<int32_t>(bits), buffer);
      return buffer;
    default:
      return std::nullopt;
  }
}

std::optional<Bytes> of_eight(Oid written, uint64_t bits, std::string& buffer) {
  switch (written) {
    case 20:
      return whole_number<int64_t>(bits, buffer);
    case 701:
      return fraction<double>(bits, buffer);
    case 1114:
      append_moment(static_cast<Moment>(bits), false, buffer);
      return buffer;
    default:
      return std::nullopt;
  }
}

}  // namespace

Oid written_as(TypeRef type, const std::shared_ptr<const TypeSource>& types) {
  for (int depth = 0; depth < kMaxDepth && types; ++depth) {
    const TypeInfo* info = types->find(type.oid);
    if (info == nullptr) break;
    if (info->kind == TypeKind::kEnum || info->name == "citext") return kText;
    if (info->kind != TypeKind::kDomain) break;
    type = info->inner;
  }
  return type.oid;
}

std::optional<Bytes> text_form(Oid written, Format format, Bytes value, std::string& buffer) {
  if (written == 1042) return value.substr(0, value.find_last_not_of(' ') + 1);
  if (format == Format::kText) return value;
  buffer.clear();
  switch (written) {
    case 18:    // "char"
    case 19:    // name
    case 25:    // text
    case 114:   // json
    case 142:   // xml
    case 705:   // unknown
    case 1043:  // varchar
    case 2275:  // cstring
      return value;
    case 3802:  // jsonb
      return value.substr(value.empty() ? 0 : 1);
    case 21:
      if (value.size() != 2) return std::nullopt;
      return whole_number<int16_t>(load_be16(value.data()), buffer);
    case 1700:
      if (const auto number = decode_numeric(value)) {
        append_decimal(*number, buffer);
        return buffer;
      }
      return std::nullopt;
    default:
      break;
  }
  if (value.size() == 4) return of_four(written, load_be32(value.data()), buffer);
  if (value.size() == 8) return of_eight(written, load_be64(value.data()), buffer);
  return std::nullopt;
}

}  // namespace sluice::mask
