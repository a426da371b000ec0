// bool, the integers, float4, float8, numeric, money, oid and its aliases.
#include <algorithm>
#include <bit>
#include <charconv>

#include "mask/decimal.h"
#include "mask/families.h"
#include "mask/float_mask.h"
#include "mask/scalar_masker.h"

namespace sluice::mask {
namespace {

template <typename T>
std::optional<T> parse_whole(Bytes text) {
  T value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

int order_of(int64_t a, int64_t b) { return a < b ? -1 : a > b ? 1 : 0; }

void append_be64(std::string& out, uint64_t value) {
  append_be32(out, static_cast<uint32_t>(value >> 32));
  append_be32(out, static_cast<uint32_t>(value));
}

/// int2, int4, int8 and, unsigned, oid.
template <typename T>
struct WholeCodec {
  using Value = T;
  static constexpr std::string_view kName = "integer";

  std::optional<T> parse(Bytes text) const { return parse_whole<T>(text); }
  std::optional<T> decode(Bytes bytes) const {
    if (bytes.size() != sizeof(T)) return std::nullopt;
    if constexpr (sizeof(T) == 2) return static_cast<T>(load_be16(bytes.data()));
    if constexpr (sizeof(T) == 4) return static_cast<T>(load_be32(bytes.data()));
    if constexpr (sizeof(T) == 8) return static_cast<T>(load_be64(bytes.data()));
  }
  Masked mask(T& value, const Means& means) const {
    value = static_cast<T>(mask_integer(static_cast<int64_t>(value), means.rule, *means.permuter));
    return Masked::kValue;
  }
  void print(T value, std::string& out) const { out.append(std::to_string(value)); }
  void encode(T value, std::string& out) const {
    if constexpr (sizeof(T) == 2) append_be16(out, static_cast<uint16_t>(value));
    if constexpr (sizeof(T) == 4) append_be32(out, static_cast<uint32_t>(value));
    if constexpr (sizeof(T) == 8) append_be64(out, static_cast<uint64_t>(value));
  }
  static int order(T a, T b) { return order_of(static_cast<int64_t>(a), static_cast<int64_t>(b)); }
};

template <typename T>
struct FloatCodec {
  using Value = T;
  static constexpr std::string_view kName = "floating point number";

  std::optional<T> parse(Bytes text) const { return parse_float<T>(text); }
  std::optional<T> decode(Bytes bytes) const {
    if (bytes.size() != sizeof(T)) return std::nullopt;
    if constexpr (sizeof(T) == 4) {
      return std::bit_cast<T>(load_be32(bytes.data()));
    } else {
      return std::bit_cast<T>(load_be64(bytes.data()));
    }
  }
  Masked mask(T& value, const Means& means) const {
    value = mask_float(value, means.rule, *means.permuter);
    return Masked::kValue;
  }
  void print(T value, std::string& out) const { append_float(value, out); }
  void encode(T value, std::string& out) const {
    if constexpr (sizeof(T) == 4) {
      append_be32(out, std::bit_cast<uint32_t>(value));
    } else {
      append_be64(out, std::bit_cast<uint64_t>(value));
    }
  }
};

struct NumericCodec {
  using Value = Decimal;
  static constexpr std::string_view kName = "numeric";
  size_t unit = 0;  ///< digits before the point that numeric(p,-s) rounds away

  std::optional<Decimal> parse(Bytes text) const { return parse_decimal(text); }
  std::optional<Decimal> decode(Bytes bytes) const { return decode_numeric(bytes); }
  Masked mask(Decimal& value, const Means& means) const {
    mask_decimal(value, means.rule, *means.permuter, unit);
    return Masked::kValue;
  }
  void print(const Decimal& value, std::string& out) const { append_decimal(value, out); }
  void encode(const Decimal& value, std::string& out) const { encode_numeric(value, out); }

  static int order(const Decimal& a, const Decimal& b) {
    const int x = sign(a);
    const int y = sign(b);
    if (x != y || x != finite(x)) return order_of(x, y);
    return x < 0 ? magnitudes(b, a) : magnitudes(a, b);
  }

 private:
  /// -2 and below or 2 and above for what is not finite, in order.
  static int sign(const Decimal& number) {
    switch (number.form) {
      case Decimal::Form::kNan:
        return 3;
      case Decimal::Form::kInfinity:
        return 2;
      case Decimal::Form::kMinusInfinity:
        return -2;
      case Decimal::Form::kFinite:
        break;
    }
    return number.digits == "0" ? 0 : number.negative ? -1 : 1;
  }
  static int finite(int sign) { return sign == 1 || sign == -1 ? sign : 9; }
  static int magnitudes(const Decimal& a, const Decimal& b) {
    const int scale = std::max(a.scale, b.scale);
    const auto x = a.digits + std::string(static_cast<size_t>(scale - a.scale), '0');
    const auto y = b.digits + std::string(static_cast<size_t>(scale - b.scale), '0');
    if (x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
    return x.compare(y);
  }
};

/// Rounded away digits of numeric(p,s): the modifier keeps the scale in eleven bits, signed.
size_t numeric_unit(int32_t typmod) {
  if (typmod < 4) return 0;
  const int scale = (((typmod - 4) & 0x7FF) ^ 1024) - 1024;
  return scale < 0 ? static_cast<size_t>(-scale) : 0;
}

/// true and false tell apart too little for a pseudonym to hide: only redact has a value, false.
struct BoolCodec {
  using Value = bool;
  static constexpr std::string_view kName = "boolean";

  std::optional<bool> parse(Bytes text) const {
    if (text == "t" || text == "true") return true;
    if (text == "f" || text == "false") return false;
    return std::nullopt;
  }
  std::optional<bool> decode(Bytes bytes) const {
    if (bytes.size() != 1) return std::nullopt;
    return bytes[0] != 0;
  }
  Masked mask(bool& value, const Means& means) const {
    value = false;
    return means.rule.strategy == Strategy::kRedact ? Masked::kValue : Masked::kNull;
  }
  void print(bool, std::string& out) const { out.push_back('f'); }
  void encode(bool, std::string& out) const { out.push_back('\0'); }
};

/// Money's text depends on the locale: its digits are replaced and all else stays.
class MoneyMasker : public Masker {
 public:
  explicit MoneyMasker(Means means) : means_(std::move(means)) {}

 private:
  Result<Masked> text(Bytes value, std::string& out) const override {
    std::string digits;
    for (const char c : value) {
      if (c >= '0' && c <= '9') digits.push_back(c);
    }
    const auto magnitude = parse_whole<uint64_t>(digits);
    const bool negative = value.find_first_of("-(") != Bytes::npos;
    const uint64_t limit = uint64_t{1} << 63;
    if (!magnitude || *magnitude > limit || (*magnitude == limit && !negative)) {
      return malformed("money");
    }
    const auto amount = static_cast<int64_t>(negative ? 0 - *magnitude : *magnitude);
    const int64_t masked = mask_integer(amount, means_.rule, *means_.permuter);
    const uint64_t left =
        masked < 0 ? 0 - static_cast<uint64_t>(masked) : static_cast<uint64_t>(masked);
    std::string written = std::to_string(left);
    written.insert(0, digits.size() - std::min(digits.size(), written.size()), '0');
    size_t next = 0;
    for (const char c : value) {
      out.push_back(c >= '0' && c <= '9' ? written[next++] : c);
    }
    return Masked::kValue;
  }
  Result<Masked> binary(Bytes value, std::string& out) const override {
    if (value.size() != 8) return malformed("money");
    const auto amount = static_cast<int64_t>(load_be64(value.data()));
    append_be64(out, static_cast<uint64_t>(mask_integer(amount, means_.rule, *means_.permuter)));
    return Masked::kValue;
  }

  Means means_;
};

/// regclass and its like read as names: all become none of them, "-".
struct AliasCodec {
  using Value = char;
  static constexpr std::string_view kName = "object identifier";
  std::optional<char> parse(Bytes) const { return ' '; }
  std::optional<char> decode(Bytes) const { return ' '; }
  Masked mask(char&, const Means&) const { return Masked::kValue; }
  void print(char, std::string& out) const { out.push_back('-'); }
  void encode(char, std::string& out) const { append_be32(out, 0); }
};

}  // namespace

MaskerPtr number_masker(TypeRef type, const Means& means) {
  switch (type.oid) {
    case 16:
      return scalar(BoolCodec{}, means);
    case 20:
      return scalar(WholeCodec<int64_t>{}, means);
    case 21:
      return scalar(WholeCodec<int16_t>{}, means);
    case 23:
      return scalar(WholeCodec<int32_t>{}, means);
    case 26:
      return scalar(WholeCodec<uint32_t>{}, means);
    case 700:
      return scalar(FloatCodec<float>{}, means);
    case 701:
      return scalar(FloatCodec<double>{}, means);
    case 790:
      return std::make_shared<MoneyMasker>(means);
    case 1700:
      return scalar(NumericCodec{numeric_unit(type.typmod)}, means);
    case 24:    // regproc
    case 2202:  // regprocedure
    case 2203:  // regoper
    case 2204:  // regoperator
    case 2205:  // regclass
    case 2206:  // regtype
    case 3734:  // regconfig
    case 3769:  // regdictionary
    case 4089:  // regnamespace
    case 4096:  // regrole
    case 4191:  // regcollation
      return scalar(AliasCodec{}, means);
    default:
      return nullptr;
  }
}

}  // namespace sluice::mask
