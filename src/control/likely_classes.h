#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::control {

/// What a value looks like, by names of classes: "email", "phone". Empty where it could be
/// anything.
std::vector<std::string> likely_classes(std::string_view value);

}  // namespace sluice::control
