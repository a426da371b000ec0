#pragma once

#include <filesystem>

#include "audit/erasure_words.h"
#include "base/result.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

namespace sluice::audit {

/// What records behind those that `head` covers say of what was erased, as far as the log's present
/// checkpoint proves them: who erases while a log is verified says so there. `key` is the log's,
/// known from elsewhere. An error: there is no such checkpoint, or it is not of the same log.
Result<ErasureWords> later_erasures(const std::filesystem::path& audit,
                                    const tlog::VerifierKey& key, const tlog::Checkpoint& head);

}  // namespace sluice::audit
