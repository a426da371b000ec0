#pragma once

#include <string_view>

namespace sluice::cli {

/// What `sluice audit export --proof` puts beside the records, for people who have never heard of
/// Sluice: how to check them, and a script that does, with Python and openssl alone.
std::string_view export_guide();
std::string_view export_script();

}  // namespace sluice::cli
