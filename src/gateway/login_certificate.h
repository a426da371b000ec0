#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gateway/runtime.h"
#include "net/peer_certificate.h"

namespace sluice::gateway {

/// By what somebody has proved who they are.
struct Proof {
  std::string mechanism;   ///< "scram-sha-256", "scram-sha-256-plus", "oauthbearer", "certificate"
  std::string credential;  ///< its id; empty: a password, or an authority's certificate
  std::string issuer;      ///< entry of identity.certificates; empty: this installation
  int64_t expires_micros = INT64_MAX;  ///< of what is no credential
};

/// What a client certificate, whose key the client holds, proves of who says to be `user`. Nothing:
/// it is somebody else's, or nobody's. Errors: kAuthentication with the reason, where it would let
/// them in but is not good, or not at `database`.
Result<std::optional<Proof>> proof_by_certificate(const Runtime& runtime,
                                                  const net::PeerCertificate& certificate,
                                                  std::string_view user, std::string_view database,
                                                  int64_t now_micros);

}  // namespace sluice::gateway
