#pragma once

#include <cstdint>

namespace sluice::audit {

/// Lists of things that many records have in common; their numbers stand in the columns of the
/// index's chunks.
enum class EntryKind : uint8_t { kContext = 1, kStatement = 2, kVerdict = 3 };

}  // namespace sluice::audit
