#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sluice {

/// RFC 4648, section 4: standard alphabet, padded.
std::string to_base64(Bytes raw);
/// Back; nothing for what to_base64 does not write: padding is required, nothing stands around it.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace sluice
