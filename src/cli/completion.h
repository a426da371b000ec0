#pragma once

#include <string>
#include <string_view>

namespace sluice::cli {

/// A completion script for "bash", "zsh" or "fish".
std::string completion_script(std::string_view shell);

}  // namespace sluice::cli
