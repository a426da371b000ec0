#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

/// What can follow a command.
struct Completed {
  std::string path;                   ///< "audit hold"; empty: sluice itself
  std::vector<std::string> commands;  ///< below it
  std::vector<std::string> options;   ///< "--limit"
  bool takes_database = false;        ///< as an argument
};

/// A completion script for "bash", "zsh" or "fish".
std::string completion_script(std::string_view shell, const std::vector<Completed>& all);

}  // namespace sluice::cli
