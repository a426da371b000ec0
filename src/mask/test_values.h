#pragma once

#include <memory>
#include <string>

#include "mask/plan.h"
#include "mask/text.h"

namespace sluice::mask {

inline std::shared_ptr<const Permuter> test_permuter(const std::string& key = "key") {
  return std::make_shared<const Permuter>(SecretString(key));
}

inline Means means(Strategy strategy, Kind kind = Kind::kAny, const std::string& key = "key") {
  return {{.strategy = strategy, .kind = kind}, test_permuter(key)};
}

/// The masked text of a value of one of the server's own types; "NULL", or "!" and the error.
inline std::string masked(Oid oid, Bytes value, const Means& how, int32_t typmod = -1,
                          Format format = Format::kText,
                          const std::shared_ptr<const TypeSource>& types = nullptr) {
  const auto masker = compile({.oid = oid, .typmod = typmod}, how, types);
  if (!masker) return "!" + masker.error().text;
  std::string out;
  const auto kind = (*masker)->mask(format, value, out);
  if (!kind) return "!" + kind.error().text;
  return *kind == Masked::kNull ? "NULL" : out;
}

inline std::string masked_text(Bytes value, Strategy strategy, Kind kind, size_t limit = kNoLimit,
                               const std::string& key = "key") {
  std::string out;
  mask_text(value, {.strategy = strategy, .kind = kind}, *test_permuter(key), limit, out);
  return out;
}

}  // namespace sluice::mask
