// Ranges and multiranges. A bound is masked as a value of its type; bounds are put in order again.
// A range that cannot be, because its bounds have no order known here, becomes the empty one.
#include <optional>

#include "mask/binary_reader.h"
#include "mask/families.h"

namespace sluice::mask {
namespace {

constexpr Bytes kEmptyRange = "empty";
constexpr unsigned char kEmpty = 0x01, kLowerIncluded = 0x02, kUpperIncluded = 0x04,
                        kLowerInfinite = 0x08, kUpperInfinite = 0x10;

/// A range taken apart.
struct Parts {
  bool empty = false;
  bool lower_included = false, upper_included = false;
  std::optional<std::string> lower = {}, upper = {};
};

bool is_exact(const Rule& rule) {
  return rule.strategy == Strategy::kPseudonym || rule.strategy == Strategy::kHash;
}

class RangeMasker : public Masker {
 public:
  RangeMasker(MaskerPtr bound, Means means) : bound_(std::move(bound)), means_(std::move(means)) {}

 private:
  /// Masks in place; false when only the empty range is left.
  Result<bool> masked(Format format, Parts& parts) const {
    if (!is_exact(means_.rule)) return false;
    for (auto* bound : {&parts.lower, &parts.upper}) {
      if (!*bound) continue;
      std::string out;
      SLUICE_ASSIGN(const Masked kind, bound_->mask(format, **bound, out));
      if (kind == Masked::kNull) return false;
      *bound = std::move(out);
    }
    if (!parts.lower || !parts.upper) return true;
    const auto order = bound_->compare(format, *parts.lower, *parts.upper);
    if (!order) return false;
    if (*order > 0) {
      std::swap(parts.lower, parts.upper);
      std::swap(parts.lower_included, parts.upper_included);
    }
    return true;
  }

  /// The text of a bound from `at` to `end`, which is behind it afterwards.
  static Result<std::optional<std::string>> read_bound(Bytes value, size_t& at, Bytes ends) {
    const size_t begin = at;
    std::string plain;
    bool within = false;
    while (at < value.size() && (within || ends.find(value[at]) == Bytes::npos)) {
      const char c = value[at++];
      if (c == '"') {
        if (within && at < value.size() && value[at] == '"') {
          plain.push_back('"');
          ++at;
        } else {
          within = !within;
        }
      } else if (c == '\\') {
        if (at == value.size()) return malformed("range");
        plain.push_back(value[at++]);
      } else {
        plain.push_back(c);
      }
    }
    if (within || at == value.size()) return malformed("range");
    if (at == begin) return std::optional<std::string>();
    return std::optional<std::string>(std::move(plain));
  }

  static Result<Parts> read(Bytes value) {
    if (value == kEmptyRange) return Parts{.empty = true};
    if (value.empty() || (value[0] != '[' && value[0] != '(')) return malformed("range");
    Parts parts{.lower_included = value[0] == '['};
    size_t at = 1;
    SLUICE_ASSIGN(parts.lower, read_bound(value, at, ","));
    ++at;
    SLUICE_ASSIGN(parts.upper, read_bound(value, at, "])"));
    parts.upper_included = value[at] == ']';
    if (at + 1 != value.size()) return malformed("range");
    return parts;
  }

  static void append_bound(const std::optional<std::string>& bound, std::string& out) {
    if (!bound) return;
    out.push_back('"');
    for (const char c : *bound) {
      if (c == '"' || c == '\\') out.push_back(c);
      out.push_back(c);
    }
    out.push_back('"');
  }

  Result<Masked> text(Bytes value, std::string& out) const override {
    SLUICE_ASSIGN(Parts parts, read(value));
    bool left = false;
    if (!parts.empty) {
      SLUICE_ASSIGN(left, masked(Format::kText, parts));
    }
    if (!left) {
      out.append(kEmptyRange);
      return Masked::kValue;
    }
    out.push_back(parts.lower_included ? '[' : '(');
    append_bound(parts.lower, out);
    out.push_back(',');
    append_bound(parts.upper, out);
    out.push_back(parts.upper_included ? ']' : ')');
    return Masked::kValue;
  }

  static Result<Parts> decode(Bytes value) {
    BinaryReader in(value);
    const Bytes head = in.bytes(1);
    if (!in.ok()) return malformed("range");
    const auto flags = static_cast<unsigned char>(head[0]);
    Parts parts{.empty = (flags & kEmpty) != 0,
                .lower_included = (flags & kLowerIncluded) != 0,
                .upper_included = (flags & kUpperIncluded) != 0};
    if (!parts.empty) {
      if ((flags & kLowerInfinite) == 0) parts.lower = in.field();
      if ((flags & kUpperInfinite) == 0) parts.upper = in.field();
    }
    if (!in.done()) return malformed("range");
    return parts;
  }

  Result<Masked> binary(Bytes value, std::string& out) const override {
    SLUICE_ASSIGN(Parts parts, decode(value));
    bool left = false;
    if (!parts.empty) {
      SLUICE_ASSIGN(left, masked(Format::kBinary, parts));
    }
    if (!left) {
      out.push_back(static_cast<char>(kEmpty));
      return Masked::kValue;
    }
    unsigned char flags = 0;
    if (parts.lower_included && parts.lower) flags |= kLowerIncluded;
    if (parts.upper_included && parts.upper) flags |= kUpperIncluded;
    if (!parts.lower) flags |= kLowerInfinite;
    if (!parts.upper) flags |= kUpperInfinite;
    out.push_back(static_cast<char>(flags));
    for (const auto* bound : {&parts.lower, &parts.upper}) {
      if (!*bound) continue;
      append_be32(out, static_cast<uint32_t>((*bound)->size()));
      out.append(**bound);
    }
    return Masked::kValue;
  }

  MaskerPtr bound_;
  Means means_;
};

class MultirangeMasker : public Masker {
 public:
  MultirangeMasker(MaskerPtr range, Means means)
      : range_(std::move(range)), means_(std::move(means)) {}

 private:
  /// The range at the front of `value`; empty if there is none.
  static Bytes range_at(Bytes value) {
    if (value.starts_with(kEmptyRange)) return value.substr(0, kEmptyRange.size());
    bool within = false;
    for (size_t at = 0; at < value.size(); ++at) {
      const char c = value[at];
      if (c == '\\') {
        ++at;
      } else if (c == '"') {
        within = !within;
      } else if (!within && (c == ']' || c == ')')) {
        return value.substr(0, at + 1);
      }
    }
    return {};
  }

  Result<Masked> text(Bytes value, std::string& out) const override {
    if (value.size() < 2 || !value.starts_with('{') || !value.ends_with('}')) {
      return malformed("multirange");
    }
    if (!is_exact(means_.rule)) {
      out.append("{}");
      return Masked::kValue;
    }
    Bytes body = value.substr(1, value.size() - 2);
    out.push_back('{');
    while (!body.empty()) {
      const Bytes one = range_at(body);
      if (one.empty()) return malformed("multirange");
      SLUICE_TRY(range_->mask(Format::kText, one, out));
      body.remove_prefix(one.size());
      if (body.starts_with(',') && body.size() > 1) {
        out.push_back(',');
        body.remove_prefix(1);
      } else if (!body.empty()) {
        return malformed("multirange");
      }
    }
    out.push_back('}');
    return Masked::kValue;
  }

  Result<Masked> binary(Bytes value, std::string& out) const override {
    BinaryReader in(value);
    const uint32_t count = in.be32();
    if (!in.ok() || count > value.size()) return malformed("multirange");
    append_be32(out, is_exact(means_.rule) ? count : 0);
    for (uint32_t i = 0; i < count; ++i) {
      const auto one = in.field();
      if (!one || !in.ok()) return malformed("multirange");
      if (!is_exact(means_.rule)) continue;
      const size_t at = out.size();
      append_be32(out, 0);
      SLUICE_TRY(range_->mask(Format::kBinary, *one, out));
      store_be32(out.data() + at, static_cast<uint32_t>(out.size() - at - 4));
    }
    if (!in.done()) return malformed("multirange");
    return Masked::kValue;
  }

  MaskerPtr range_;
  Means means_;
};

}  // namespace

MaskerPtr range_masker(MaskerPtr bound, const Means& means) {
  return std::make_shared<RangeMasker>(std::move(bound), means);
}

MaskerPtr multirange_masker(MaskerPtr range, const Means& means) {
  return std::make_shared<MultirangeMasker>(std::move(range), means);
}

}  // namespace sluice::mask
