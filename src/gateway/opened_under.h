#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::gateway {

/// Under what cursors may have been opened that nobody knows by name: those that code has opened,
/// and those of which there were too many. They are not decided on anew, as nobody knows what they
/// read: they are taken from while nothing has changed since.
class OpenedUnder {
 public:
  /// One may be opened as `policy` decides for `whom` (SessionPrincipal::id).
  void add(std::string_view policy, uint64_t whom) {
    if (any_ && (policy_ != policy || whom_ != whom)) several_ = true;
    if (any_) return;
    any_ = true;
    policy_ = policy;
    whom_ = whom;
  }

  bool any() const { return any_; }

  /// What has changed by now since one may have been opened; empty: nothing.
  std::string_view changed(std::string_view policy, uint64_t whom) const {
    if (!any_) return {};
    if (policy_ != policy) return "the policy has";
    if (whom_ != whom) return "for whom this is has";
    return several_ ? "the policy, or for whom this is, has" : std::string_view();
  }

 private:
  bool any_ = false, several_ = false;  ///< several: not all by the same, or for the same
  std::string policy_;
  uint64_t whom_ = 0;
};

}  // namespace sluice::gateway
