#pragma once

#include <string>
#include <string_view>

namespace sluice::policy {

/// What is wrong with a word that should be an authentication method (base/authentication.h), or a
/// pattern that some of them match, with "!" before it or without; "" if nothing is.
std::string unknown_method(std::string_view word);

}  // namespace sluice::policy
