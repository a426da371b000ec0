#pragma once

#include <string>

#include "base/result.h"
#include "control/http_server.h"
#include "identity/directory.h"

namespace sluice::control {

/// Who sends a request, as they have proved.
struct Caller {
  std::string user;
  std::string authentication;  ///< "password", or how the holder of a credential proved it
};

/// By the Authorization header: Basic (RFC 7617) with the password of a user, or Bearer (RFC 6750)
/// with a credential. A token must have `scope`; a credential of `sluice login` may do all that its
/// user may. kAuthentication says what is missing, and nothing of whether the user exists.
Result<Caller> who_asks(const HttpRequest& request, const identity::Directory& directory,
                        std::string_view scope);

}  // namespace sluice::control
