#pragma once

#include <string>

#include "base/bytes.h"
#include "mask/permuter.h"
#include "mask/strategy.h"

namespace sluice::mask {

/// No limit on the characters of a text.
inline constexpr size_t kNoLimit = static_cast<size_t>(-1);

/// Appends what stands for `text` under a rule other than null (which has no text; it is treated as
/// redact): at most `limit` characters, well-formed UTF-8 if `text` is. Nothing stays nothing.
void mask_text(Bytes text, const Rule& rule, const Permuter& permuter, size_t limit,
               std::string& out);

/// Replaces text[begin, end) by its pseudonym, of the same length in bytes, in place.
void pseudonymise(std::string& text, size_t begin, size_t end, Kind kind, const Permuter& permuter);

/// Appends what of a value of `kind` may be seen to be of help.
void append_partial(Bytes text, Kind kind, std::string& out);

/// Appends a coarser text of `kind`: a year, a network, a range. What has no coarser form is
/// redacted.
void append_general(Bytes text, const Rule& rule, std::string& out);

/// What redacted text reads.
inline constexpr Bytes kRedacted = "[redacted]";
/// The same where that would be too long.
inline constexpr Bytes kStars = "***";

}  // namespace sluice::mask
