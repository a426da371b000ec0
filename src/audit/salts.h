#pragma once

#include <array>

#include "audit/segment.h"
#include "base/random.h"

namespace sluice::audit {

/// Salts of records that are to come: one call to the kernel for many.
class Salts {
 public:
  Salt next() {
    if (used_ == salts_.size()) {
      random_bytes(salts_.data(), sizeof salts_);
      used_ = 0;
    }
    return salts_[used_++];
  }

 private:
  std::array<Salt, 256> salts_;
  size_t used_ = salts_.size();
};

}  // namespace sluice::audit
