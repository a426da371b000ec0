#include "policy/run_names.h"

namespace sluice::policy {

bool RunNames::room(const std::string& whose) const {
  const auto found = of_.find(whose);
  const size_t theirs = found == of_.end() ? 0 : found->second;
  return theirs < most_.always || (theirs < most_.of_one && all_ < most_.in_all);
}

void RunNames::add(const std::string& whose) {
  ++of_[whose];
  ++all_;
}

void RunNames::clear() {
  of_.clear();
  all_ = 0;
}

}  // namespace sluice::policy
