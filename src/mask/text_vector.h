#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "mask/permuter.h"

namespace sluice::mask {

/// A tsvector whose words are pseudonyms; positions and weights stay.
Result<> mask_text_vector_text(Bytes value, const Permuter& permuter, std::string& out);
Result<> mask_text_vector_binary(Bytes value, const Permuter& permuter, std::string& out);

}  // namespace sluice::mask
