#pragma once

#include <memory>

#include "base/result.h"
#include "mask/masker.h"
#include "mask/type.h"

namespace sluice::mask {

/// Compiles what masks values of `type` by `means.rule`. An error (kDenied) names a type whose
/// values cannot be masked with a valid value; only the strategy null is for all types.
///
/// What the strategies come to where a type has no such form of its own:
/// - bool: redact is false, anything else NULL; an enum: a pseudonym is another of its labels,
///   anything else NULL. Two or three values cannot hide anything otherwise.
/// - hash is a pseudonym but for text and bytea; partial is generalise but for text, cards and the
///   ends of uuids; aliases of oid (regclass) become none of them, "-".
/// - a range is empty and a multirange or tsvector has nothing unless pseudonyms are wanted.
/// - json, jsonb, hstore and xml keep their structure: their values are masked, not their keys.
Result<MaskerPtr> compile(TypeRef type, const Means& means,
                          const std::shared_ptr<const TypeSource>& types);

}  // namespace sluice::mask
