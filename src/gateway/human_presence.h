#pragma once

#include <cstdint>

#include "identity/directory.h"
#include "policy/principal.h"
#include "policy/proofs.h"

namespace sluice::gateway {

/// The person behind `principal`, and when they last proved themselves who they are: who connects,
/// or for whom an agent or service acts. Of those only logins of their own count that are live:
/// what the agent has been handed says when somebody was there once, not now.
void find_human(const policy::Principal& principal, const identity::Directory& directory,
                int64_t now_micros, policy::Proofs& proofs);

}  // namespace sluice::gateway
