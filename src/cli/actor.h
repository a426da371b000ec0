#pragma once

#include <string>

namespace sluice::cli {

/// Who is at the keyboard, for the record: "alice (uid 1000) on the command line".
std::string actor();

}  // namespace sluice::cli
