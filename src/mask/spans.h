#pragma once

#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "mask/permuter.h"
#include "mask/strategy.h"
#include "mask/text.h"

namespace sluice::mask {

/// Bytes [begin, end) of a text that a rule is for.
struct Span {
  size_t begin = 0, end = 0;
  Rule rule;
};

/// Appends `text` with its spans masked and all between them as it was; at most `limit` characters,
/// for which the end is cut off. A rule of null leaves nothing of its span. An error unless the
/// spans are in order, apart and within the text.
Result<> mask_spans(Bytes text, std::span<const Span> spans, const Permuter& permuter, size_t limit,
                    std::string& out);

}  // namespace sluice::mask
