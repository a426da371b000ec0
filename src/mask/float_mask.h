#pragma once

#include <concepts>
#include <string>

#include "base/bytes.h"
#include "mask/masker.h"

namespace sluice::mask {

/// Masks a float or double: sign, decimal exponent and number of significant digits stay.
template <std::floating_point T>
T mask_float(T value, const Rule& rule, const Permuter& permuter);

/// As the server writes it, with as many digits as it takes to be read the same.
template <std::floating_point T>
void append_float(T value, std::string& out);

template <std::floating_point T>
std::optional<T> parse_float(Bytes text);

}  // namespace sluice::mask
