#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/identity.h"
#include "control/http_server.h"
#include "identity/directory.h"

namespace sluice::control {

/// Who sends a request, as they have proved.
struct Caller {
  std::string user;
  std::string authentication;               ///< how they had proved it to get the credential
  std::string credential;                   ///< its id
  std::string person = {};                  ///< for whom it acts; empty: for themselves
  std::vector<std::string> databases = {};  ///< that it is good for; empty: all
};

/// In whose eyes something is looked at.
struct Reader {
  std::string user;         ///< empty: all is seen
  std::string person = {};  ///< for whom they act: of what `user` did, they see what was for them
  std::vector<std::string> databases = {};  ///< that are seen; empty: all

  /// Whether all of `names`, separated by ", ", are seen.
  bool sees_databases(std::string_view names) const;
};

/// By the Authorization header: Bearer (RFC 6750) with a credential. Passwords are taken in one
/// place only, POST /api/v1/login, which counts failures and asks for second factors. A token must
/// have `scope`; a credential of `sluice login` may do all that its user may. kAuthentication says
/// what is missing.
Result<Caller> who_asks(const HttpRequest& request, const identity::Directory& directory,
                        std::string_view scope);

/// Whose share of what nobody may take all of a request counts against: that of the user whose
/// credential it shows, whatever else it shows, and of an address where nobody is known.
std::string share_of(const HttpRequest& request, const identity::Directory& directory);
/// The same, of who is known.
std::string share_of_user(const std::string& user);
/// Of somebody who is not known, by where they come from.
std::string share_of_peer(const std::string& peer);
/// Of somebody who is about to log in.
std::string share_of_login(const std::string& peer);
/// From where somebody logs in, as far as that tells anybody apart; empty: through a proxy, which
/// all come from.
std::string counted_source(const std::string& peer, const config::IdentityConfig& config);

/// In whose eyes what is listed is looked at: the caller's, or, for those who may read all there
/// is, nobody's ("").
Reader reader_for(const HttpRequest& request, const Caller& caller);
/// Whether what `user` did, for `person` or for themselves, was done by a reader.
bool is_own(const Reader& reader, std::string_view user, std::string_view person);
/// Whether what a request shows is good for a database; what shows nothing is the operator's.
bool shown_for(const HttpRequest& request, const identity::Directory& directory,
               std::string_view database);

/// What the client shows as a bearer (RFC 6750); empty: nothing of that kind.
std::string_view bearer_of(const HttpRequest& request);

/// Whether what a request shows could not be read on its way: it came over TLS, from this machine,
/// or through a proxy that the operator vouches for.
bool reached_safely(const HttpRequest& request, const config::IdentityConfig& config);

/// Whether a page of another site sends this, in the browser of somebody who can reach the gateway:
/// its Origin says so. From this machine only names of this machine count, and `own_url`: any other
/// name may have been made to lead here (DNS rebinding).
bool from_elsewhere(const HttpRequest& request, const config::IdentityConfig& config,
                    std::string_view own_url);

/// Where the client reaches this, "https://gateway.example:8443", as far as it says so itself;
/// empty where what it says is no host. `behind_tls`: it came over TLS, or a proxy has ended that.
std::string address_of(const HttpRequest& request, bool behind_tls);

}  // namespace sluice::control
