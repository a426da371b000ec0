#include "control/likely_classes.h"

#include <algorithm>

#include "privacy/find.h"

namespace sluice::control {

std::vector<std::string> likely_classes(std::string_view value) {
  std::vector<std::string> classes;
  for (const auto& span : privacy::find_sensitive(value)) {
    // A part of it tells nothing of the whole: a number within an address, a name within a phrase.
    if (span.begin != 0 || span.end != value.size()) continue;
    std::string name(privacy::name(span.cls));
    if (std::find(classes.begin(), classes.end(), name) == classes.end())
      classes.push_back(std::move(name));
  }
  return classes;
}

}  // namespace sluice::control
