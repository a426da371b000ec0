#pragma once

#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace sluice::cli {

/// Asks at the terminal, without showing what is typed.
Result<SecretString> read_line_hidden(const std::string& prompt);

/// One line of standard input where `from_stdin`, else asked for at the terminal; an error where
/// there is none.
Result<SecretString> read_password(bool from_stdin, const std::string& prompt);

}  // namespace sluice::cli
