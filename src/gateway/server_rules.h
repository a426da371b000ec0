#pragma once

#include "wire/postgres/framer.h"

namespace sluice::gateway {

/// The longest row that is masked. One that comes in parts is gathered until then.
inline constexpr uint32_t kLongestMaskedRow = 64U << 20;

/// What may come from a server after start-up, and what has to be seen whole to be acted on.
const wire::postgres::Framer::Rules& server_rules();

/// The same while rows are masked: they are seen whole too.
const wire::postgres::Framer::Rules& masking_rules();

}  // namespace sluice::gateway
