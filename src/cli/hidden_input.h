#pragma once

#include "base/result.h"
#include "base/secret.h"

namespace sluice::cli {

/// A line from the terminal that is not shown while it is typed.
Result<SecretString> read_line_hidden(const char* prompt);

}  // namespace sluice::cli
