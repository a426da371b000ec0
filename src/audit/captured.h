#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::audit {

// How records tell of results that were kept (docs/audit.md). A part says which it is, and the
// record of the statement what all of them make.

/// "5f2a90… part 2": of Event::captured of a part.
std::string captured_part(std::string_view id, uint64_t part);
/// For what a part is sealed: it opens as no other part, nor as one of another result.
std::string captured_purpose(std::string_view id, uint64_t part);

/// What the record of a statement says of its result.
struct Captured {
  std::string id;
  uint64_t parts = 0;
  uint64_t bytes = 0;     ///< that were kept, before they were encrypted
  uint64_t left_out = 0;  ///< bytes behind the bound
  std::string sha256;     ///< of what was kept, in hex
};
/// "5f2a90… 3 part(s) 70000 bytes 0 left out sha256:…".
std::string to_text(const Captured& captured);
Result<Captured> parse_captured(std::string_view text);

}  // namespace sluice::audit
