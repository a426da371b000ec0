#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "mask/permuter.h"
#include "mask/strategy.h"

namespace sluice::mask {

/// An hstore with its values masked; keys and NULLs stay.
Result<> mask_hstore_text(Bytes value, const Rule& rule, const Permuter& permuter,
                          std::string& out);
Result<> mask_hstore_binary(Bytes value, const Rule& rule, const Permuter& permuter,
                            std::string& out);

}  // namespace sluice::mask
