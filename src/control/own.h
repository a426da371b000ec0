#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "control/caller.h"
#include "identity/directory.h"

namespace sluice::control {

/// Since when a name is theirs who have it now; nobody's, never. What was done under it before was
/// done by somebody else.
int64_t since_of(const identity::Directory& directory, std::string_view name);

/// As is_own, of what was done at `micros`.
bool is_theirs(const identity::Directory& directory, const Reader& reader, std::string_view user,
               std::string_view person, int64_t micros);

/// What is somebody's own of what stands on the record under their name.
struct Own {
  int64_t since_micros = 0;
  std::vector<std::string> databases = {};  ///< that their credential is good for; empty: all

  /// In a database that counts.
  bool has(std::string_view database) const;
};

/// Of whom the front door has let in.
Own own_of(const HttpRequest& request, const identity::Directory& directory);

/// Whether a request shows a live credential, as a bearer or in X-Api-Key; for whatever it is good.
bool shows_a_credential(const HttpRequest& request, const identity::Directory& directory);

}  // namespace sluice::control
