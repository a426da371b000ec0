#pragma once

#include <string>

#include <boost/json.hpp>

#include "base/secret.h"
#include "cli/commands.h"

namespace sluice::cli {

/// Somebody who has proved who they are: whose credential is in SLUICE_TOKEN, who logs in now, or
/// who has logged in with `sluice login`.
class Somebody {
 public:
  /// Asks for the password of `who.user`, if there is one.
  static Result<Somebody> prove(const Common& common, const ProofOptions& who);

  /// Asks the gateway as them.
  Result<boost::json::value> call(const std::string& method, const std::string& path,
                                  const std::string& body = {}) const;

 private:
  explicit Somebody(const Common& common) : common_(&common) {}
  const Common* common_;
  SecretString credential_;  ///< empty: the login that is kept
};

/// Who keeps the state folder may look without saying who they are; others as who has logged in.
Result<boost::json::value> look(const Common& common, const std::string& path);

}  // namespace sluice::cli
