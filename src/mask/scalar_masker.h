#pragma once

#include <concepts>
#include <string>
#include <utility>

#include "mask/masker.h"

namespace sluice::mask {

/// A masker for values that are decoded, masked and encoded again, so that both formats agree.
///
/// A codec has: Value; kName; parse(Bytes) and decode(Bytes), the text and the binary form, to
/// optional<Value>; mask(Value&, Means) to Masked; print and encode(Value, out). If it has
/// `static int order(Value, Value)`, its values can be bounds of ranges. `bool shows(Value before,
/// Value after)`: whether the text of `after` begins with all of that of `before`; left out, both
/// are printed. `bool coarse_text(Bytes, Means, out)`: the short way for the commonest texts where
/// values become coarser; false where there is none, and nothing is appended.
template <typename Codec>
class ScalarMasker : public Masker {
 public:
  ScalarMasker(Codec codec, Means means) : codec_(std::move(codec)), means_(std::move(means)) {}

  std::optional<int> compare(Format format, Bytes a, Bytes b) const override {
    if constexpr (requires(typename Codec::Value v) {
                    { Codec::order(v, v) } -> std::same_as<int>;
                  }) {
      const auto x = read(format, a);
      const auto y = read(format, b);
      if (x && y) return Codec::order(*x, *y);
    }
    return std::nullopt;
  }

 protected:
  Codec codec_;

  Result<Masked> text(Bytes value, std::string& out) const override {
    if constexpr (requires { codec_.coarse_text(value, means_, out); }) {
      if (codec_.coarse_text(value, means_, out)) return Masked::kValue;
    }
    auto read = codec_.parse(value);
    if (!read) return malformed(Codec::kName);
    const Masked masked = mask_value(*read);
    if (masked == Masked::kValue) codec_.print(*read, out);
    return masked;
  }

 private:
  std::optional<typename Codec::Value> read(Format format, Bytes bytes) const {
    return format == Format::kText ? codec_.parse(bytes) : codec_.decode(bytes);
  }

  /// A value that is coarse already, such as the first of a January, would stay as it is: its
  /// pseudonym stands for it, and says nothing about how coarse it was.
  Masked mask_value(typename Codec::Value& value) const {
    const auto strategy = means_.rule.strategy;
    if (strategy != Strategy::kGeneralise && strategy != Strategy::kPartial) {
      return codec_.mask(value, means_);
    }
    const auto before = value;
    const Masked masked = codec_.mask(value, means_);
    if (masked == Masked::kNull) return masked;
    if (!shows(before, value)) return masked;
    value = before;
    Means exact = means_;
    exact.rule.strategy = Strategy::kPseudonym;
    return codec_.mask(value, exact);
  }

  bool shows(const typename Codec::Value& before, const typename Codec::Value& after) const {
    if constexpr (requires { codec_.shows(before, after); }) {
      return codec_.shows(before, after);
    } else {
      std::string was, is;
      codec_.print(before, was);
      codec_.print(after, is);
      return is.starts_with(was);
    }
  }

  Result<Masked> binary(Bytes value, std::string& out) const override {
    auto read = codec_.decode(value);
    if (!read) return malformed(Codec::kName);
    const Masked masked = mask_value(*read);
    if (masked == Masked::kValue) codec_.encode(*read, out);
    return masked;
  }

  Means means_;
};

/// A masker from a codec.
template <typename Codec>
MaskerPtr scalar(Codec codec, const Means& means) {
  return std::make_shared<ScalarMasker<Codec>>(std::move(codec), means);
}

}  // namespace sluice::mask
