#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"

namespace sluice::mask {

/// The bytes that the text form of a bytea stands for, whichever bytea_output it was written with.
std::optional<std::string> read_bytea(Bytes text);

}  // namespace sluice::mask
