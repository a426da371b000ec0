#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"

namespace sluice::mask {

/// One character of a JSON string's body as it stands there: itself or an escape.
struct JsonUnit {
  size_t raw = 0;     ///< bytes in the document
  char32_t code = 0;  ///< what it means; meaningless unless `plain` is empty
  Bytes plain;        ///< the bytes it stands for, when it is no \u escape
};

/// The unit that `body` begins with; nothing if it is malformed or a lone surrogate's half.
std::optional<JsonUnit> next_unit(Bytes body);

/// Appends the bytes that a unit means.
void append_unit(const JsonUnit& unit, std::string& out);

/// Appends `text` as the body of a JSON string.
void append_json_body(Bytes text, std::string& out);

}  // namespace sluice::mask
