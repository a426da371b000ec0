#pragma once

#include <string>
#include <vector>

#include "gateway/masking.h"

namespace sluice::gateway {

/// `released`, which the text tells, with how many values of each column were shown:
/// "public.members.email email support-sees 200". Where the text tells none, as of EXECUTE and
/// FETCH, those of the result.
std::vector<std::string> shown_values(const MaskedRows& rows, std::vector<std::string> released);

}  // namespace sluice::gateway
