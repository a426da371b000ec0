#include "yaml/text_lines.h"

#include "base/bytes.h"

namespace sluice::yaml {

size_t line_that_is_no_text(std::string_view text) {
  // No character of UTF-8 reaches over the end of a line.
  for (size_t number = 1;; ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (line.find('\0') != std::string_view::npos || !is_utf8(line)) return number;
    if (end == std::string_view::npos) return 0;
    text.remove_prefix(end + 1);
  }
}

}  // namespace sluice::yaml
