#pragma once

#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "mask/masker.h"

namespace sluice::mask {

/// Appends what stands for one part that is not NULL; `number` counts the fields of a composite.
using MaskPart = std::function<Result<Masked>(size_t number, Bytes value, std::string& out)>;

/// Appends an array with each element masked. What comes out of `mask` as it was stays byte for
/// byte.
Result<> mask_array(Format format, Bytes value, char delimiter, const MaskPart& mask,
                    std::string& out);

/// The same for a composite of so many fields.
Result<> mask_composite(Format format, Bytes value, size_t fields, const MaskPart& mask,
                        std::string& out);

/// How many fields the text form of a composite has.
size_t count_fields(Bytes composite);

}  // namespace sluice::mask
