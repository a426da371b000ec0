#pragma once

#include <string>

#include "base/result.h"
#include "tlog/note.h"

namespace sluice::cli {

/// The key that `sluice audit key` prints: itself, or a file that holds it.
Result<tlog::VerifierKey> public_key(const std::string& text);

}  // namespace sluice::cli
