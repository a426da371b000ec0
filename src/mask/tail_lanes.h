#pragma once

#include <string>

#include "base/bytes.h"

namespace sluice::mask {

/// Appends a short text of ASCII with its letters and digits as '*', but for the last `keep`: "+**
/// *** *****78". A text of hardly more than those is starred whole. False, and nothing appended,
/// where it is no such text. By whatever vectors the machine has.
bool append_short_tail(Bytes text, size_t keep, std::string& out);

}  // namespace sluice::mask
