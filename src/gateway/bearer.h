#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/secret.h"

namespace sluice::gateway {

/// Finds out whose a token of an identity provider is: over the network, so not on the caller's
/// thread. `done` is called once, on whatever thread, with the id of the credential that the token
/// stands for, which all workers know by then. Errors: kAuthentication and kDenied for a token that
/// is not good, others where that could not be found out; the text is for the client and the
/// record.
using BearerVerifier = std::function<void(SecretString token, std::string peer,
                                          std::function<void(Result<std::string>)> done)>;

/// The verifier of a gateway, which is there only while its HTTP side runs.
class Bearer {
 public:
  void set(BearerVerifier verifier) {
    const std::lock_guard lock(mutex_);
    verifier_ = std::move(verifier);
  }
  void verify(SecretString token, std::string peer, std::function<void(Result<std::string>)> done) {
    BearerVerifier verifier;
    {
      const std::lock_guard lock(mutex_);
      verifier = verifier_;
    }
    if (verifier) {
      verifier(std::move(token), std::move(peer), std::move(done));
    } else {
      done(fail(ErrorCode::kUnavailable, "the gateway is starting or stopping"));
    }
  }

 private:
  std::mutex mutex_;
  BearerVerifier verifier_;
};

}  // namespace sluice::gateway
