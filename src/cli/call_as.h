#pragma once

#include <string>

#include <boost/json.hpp>

#include "base/secret.h"
#include "cli/commands.h"

namespace sluice::cli {

/// Somebody who has proved who they are: whose credential is in SLUICE_TOKEN, who logs in now, or
/// who has logged in with `sluice login`. All that they do is done at one gateway: that of the
/// configuration where there is one to be used, whatever other logins are kept.
class Somebody {
 public:
  /// Asks for the password of `who.user`, if there is one. kDenied: who has logged in has done so
  /// at another gateway.
  static Result<Somebody> prove(const Common& common, const ProofOptions& who);

  Somebody(Somebody&& other) noexcept;
  Somebody& operator=(Somebody&&) = delete;
  /// Ends the credential of who has logged in for this alone.
  ~Somebody();

  /// Asks the gateway as them.
  Result<boost::json::value> call(const std::string& method, const std::string& path,
                                  const std::string& body = {}) const;

 private:
  explicit Somebody(const Common& common) : common_(&common) {}

  const Common* common_;
  std::string gateway_;      ///< asked over HTTP; empty: that of the configuration
  SecretString credential_;  ///< empty: the login that is kept, at its gateway
  bool made_ = false;        ///< for this alone
};

/// Who keeps the state folder may look without saying who they are; others as who has logged in.
Result<boost::json::value> look(const Common& common, const std::string& path);

}  // namespace sluice::cli
