#pragma once

#include <string>

#include "gateway/stated.h"

namespace sluice::gateway {

/// For whom a service acts, as far as it may say so at all (docs/identity.md), and for what.
struct Acting {
  bool may = false;     ///< it has a key to sign with
  std::string session;  ///< as `SET sluice.end_user` has said; empty: for itself
  std::string now;      ///< in the statement at hand
  Stated stated;
  std::string envelope;  ///< the receipt of its last export for training
};

}  // namespace sluice::gateway
