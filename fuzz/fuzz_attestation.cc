// Attestations of changes, which come with whoever submits them.
#include "change/attestation.h"
#include "input.h"

FUZZ(bytes) {
  using namespace sluice;
  static const auto attesters = [] {
    std::vector<config::AttesterConfig> out(2);
    out[0].name = "a";
    out[0].public_key.assign(32, '\1');
    out[1].name = "b";
    out[1].secret = SecretString("a secret of some length");
    return out;
  }();
  policy::Proofs proofs;
  change::read_attestation(bytes, "SELECT 1", "", attesters, 1, proofs);
  // Nobody has signed it.
  require(proofs.attested.empty());
  require(bytes.empty() || !proofs.attestation_problem.empty());
}
