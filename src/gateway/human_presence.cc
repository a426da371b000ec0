#include "gateway/human_presence.h"

#include <algorithm>

namespace sluice::gateway {

void find_human(const policy::Principal& principal, const identity::Directory& directory,
                int64_t now_micros, policy::Proofs& proofs) {
  if (principal.actors.empty()) {
    if (principal.kind != policy::PrincipalKind::kHuman) return;
    proofs.human = principal.user;
    proofs.human_authenticated_micros = principal.authenticated_micros;
    return;
  }
  const identity::User* person = directory.find(principal.actors.back());
  if (person == nullptr || person->disabled || person->kind != identity::UserKind::kHuman) return;
  proofs.human = person->name;
  for (const identity::Credential& credential : person->credentials) {
    const bool own = credential.kind == identity::CredentialKind::kSession &&
                     credential.actors.empty() && credential.live(now_micros);
    if (!own) continue;
    proofs.human_authenticated_micros =
        std::max(proofs.human_authenticated_micros, credential.assurance.authenticated_micros);
  }
}

}  // namespace sluice::gateway
