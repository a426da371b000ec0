#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/completion.h"

namespace sluice::cli {

/// What is wrong with a command line, and what to do.
struct UsageError {
  std::string message, hint;
};
/// The word that is no command, no option or one too many, with what may have been meant; or that
/// there is no command where there has to be one. Nothing: the words are all known.
std::optional<UsageError> unknown_word(const CLI::App& app, const std::vector<std::string>& words);

/// Where to look for what the command that `words` name takes: "see: sluice user add --help".
std::string see_help(const CLI::App& app, const std::vector<std::string>& words);

/// "sluice user add".
std::string path_of(const CLI::App& app);

/// What a shell can complete.
std::vector<Completed> completed(const CLI::App& app);

}  // namespace sluice::cli
