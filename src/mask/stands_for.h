#pragma once

#include <optional>
#include <string>

#include "mask/audience.h"
#include "mask/permuter.h"

namespace sluice::mask {

/// The value of a column, as text, that is shown to this audience as `pseudonym`. Nothing: the
/// column is not shown by pseudonyms, or no value of it reads so.
std::optional<std::string> stands_for(const Audience& audience, sql::ColumnRef column,
                                      Bytes pseudonym, const Permuter& permuter);

}  // namespace sluice::mask
