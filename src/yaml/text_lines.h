#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::yaml {

/// The first line, from 1, of what is no UTF-8 text or holds a NUL byte; 0: all of it is text.
size_t line_that_is_no_text(std::string_view text);

}  // namespace sluice::yaml
