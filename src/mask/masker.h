#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "mask/permuter.h"
#include "mask/strategy.h"

namespace sluice::mask {

/// The two formats of values on the wire.
enum class Format : uint8_t { kText, kBinary };

/// Whether there is a masked value or NULL stands for it.
enum class Masked : uint8_t { kValue, kNull };

/// Masks values of one type under one rule. Immutable, for any number of threads.
///
/// What is appended is a valid value of the type. An error means that the bytes are not a value of
/// the type: nobody knows then what they hold, so nothing of them may be shown.
class Masker {
 public:
  virtual ~Masker() = default;

  /// Masks `value`, which is not NULL, and appends to `out`; unless it is kValue, `out` is as
  /// before.
  Result<Masked> mask(Format format, Bytes value, std::string& out) const {
    const size_t before = out.size();
    auto result = format == Format::kText ? text(value, out) : binary(value, out);
    if (!result || *result == Masked::kNull) out.resize(before);
    return result;
  }

  /// Less than, equal or greater than zero as PostgreSQL orders two values of the type, if that is
  /// known here.
  virtual std::optional<int> compare(Format, Bytes, Bytes) const { return std::nullopt; }

 private:
  virtual Result<Masked> text(Bytes value, std::string& out) const = 0;
  virtual Result<Masked> binary(Bytes value, std::string& out) const = 0;
};

using MaskerPtr = std::shared_ptr<const Masker>;

/// How to mask: what every masker is made with.
struct Means {
  Rule rule;
  std::shared_ptr<const Permuter> permuter;
};

/// The error for bytes that are no value of their type.
inline tl::unexpected<Error> malformed(std::string_view type) {
  return fail(ErrorCode::kProtocol, "a value is no valid " + std::string(type));
}

}  // namespace sluice::mask
