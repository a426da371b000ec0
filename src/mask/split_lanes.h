#pragma once

#include <optional>
#include <span>

#include "base/bytes.h"

namespace sluice::mask {

/// Splits a row of COPY's text that escapes nothing, as nearly all are: each delimiter ends a
/// field. How many there are, of which the first fill `fields`; nothing where there is a backslash.
/// By whatever vectors the machine has. The delimiter is not NUL.
std::optional<size_t> split_plain(Bytes row, char delimiter, std::span<Bytes> fields);

}  // namespace sluice::mask
