#include "control/asked_value.h"

#include <algorithm>

#include "control/likely_classes.h"
#include "control/phone_spellings.h"
#include "mask/sightings.h"

namespace sluice::control {

Result<audit::WhoSawQuery> asked_value(const std::string& secret, std::string_view value,
                                       bool exact) {
  const auto key = mask::sighting_key(secret);
  const auto asked = mask::sighting(key, value);
  if (!asked)
    return fail(ErrorCode::kInvalidInput, "value: expected a text with letters or digits");
  audit::WhoSawQuery query;
  query.spellings.push_back({*asked});
  query.classes = likely_classes(value);
  if (exact) return query;
  for (auto& text : phone_spellings(value)) {
    const auto digest = mask::sighting(key, text);
    const auto same = [&](const audit::Spelling& known) { return known.digest == *digest; };
    if (digest && std::none_of(query.spellings.begin(), query.spellings.end(), same))
      query.spellings.push_back({*digest, std::move(text)});
  }
  return query;
}

}  // namespace sluice::control
