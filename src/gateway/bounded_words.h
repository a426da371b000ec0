#pragma once

#include <cstddef>
#include <optional>

#include "gateway/expected.h"
#include "policy/decision.h"
#include "wire/postgres/backend.h"

namespace sluice::gateway {

// What runs chooses the words of its errors: they are bounded like what it returns.

/// What is told in place of an error of `length` bytes that is longer than what is left of all that
/// its statement may return; nothing: it may be told as it is.
std::optional<wire::postgres::ErrorFields> words_left_out(const wire::postgres::ErrorFields& fields,
                                                          const Expected& entry, size_t length);

/// The same of what belongs to no entry, under the bounds of `decision` (null: none).
std::optional<wire::postgres::ErrorFields> words_left_out(const wire::postgres::ErrorFields& fields,
                                                          const policy::Decision* decision,
                                                          size_t length);

}  // namespace sluice::gateway
