#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "mask/masker.h"
#include "mask/permuter.h"
#include "mask/strategy.h"

namespace sluice::mask {

/// Appends what stands for a value of an hstore, or, without a value, for the key itself.
using HstoreVisitor = std::function<void(Bytes key, std::optional<Bytes> value, std::string& out)>;

/// Appends an hstore with what `visit` makes of it; NULLs stay, and so does byte for byte what it
/// leaves as it was.
Result<> mask_hstore(Format format, Bytes value, const HstoreVisitor& visit, std::string& out);

/// An hstore with its values masked; keys and NULLs stay.
Result<> mask_hstore_text(Bytes value, const Rule& rule, const Permuter& permuter,
                          std::string& out);
Result<> mask_hstore_binary(Bytes value, const Rule& rule, const Permuter& permuter,
                            std::string& out);

}  // namespace sluice::mask
