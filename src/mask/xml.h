#pragma once

#include <string>

#include "base/bytes.h"
#include "mask/permuter.h"
#include "mask/strategy.h"

namespace sluice::mask {

/// Appends an XML document or content with its texts, attribute values and comments masked; the
/// names of elements and attributes stay. What is not understood is replaced whole.
void mask_xml(Bytes document, const Rule& rule, const Permuter& permuter, std::string& out);

}  // namespace sluice::mask
