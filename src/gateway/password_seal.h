#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "store/kept_databases.h"

namespace sluice::gateway {

/// Encrypts passwords of servers that admins have typed in. The key lies in a file beside the store
/// and not in it: whoever reads or writes the store, also one that gateways share, has none of
/// them. A password is sealed for one place: in a row with another url, user, authority,
/// environment or masking it cannot be opened, so that no change of the store sends it elsewhere,
/// or shows what is read with it to others.
class PasswordSeal {
 public:
  explicit PasswordSeal(std::filesystem::path key_file) : file_(std::move(key_file)) {}

  /// Makes the key where there is none.
  Result<std::string> close(const SecretString& password, const store::KeptDatabase& goes_to) const;
  /// kDenied: there is another key here or none, or the row has been altered.
  Result<SecretString> open(const store::KeptDatabase& row) const;

  /// One that was sealed before environment and masking counted, sealed anew for those of its row;
  /// nothing: it was not. Only until `note_renewed`: who can write the store could bring back what
  /// was sealed then.
  std::optional<std::string> renewed(const store::KeptDatabase& row) const;
  /// From now on none is renewed. A note beside the key says so, where there is a key.
  Result<> note_renewed() const;

 private:
  std::filesystem::path note() const;
  std::filesystem::path file_;
};

}  // namespace sluice::gateway
