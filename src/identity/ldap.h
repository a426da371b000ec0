#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace sluice::identity {

/// How a server of a directory is reached.
struct LdapServer {
  std::string url;         ///< "ldaps://dc1.example.com", "ldap://…"
  bool start_tls = false;  ///< RFC 4511, section 4.14, before anything else is sent
  std::string ca;          ///< PEM file; empty: the system's authorities
  Duration timeout = std::chrono::seconds(5);  ///< of connecting, and of each answer
};

/// What is known of one entry. Names of attributes in small letters; values are bytes.
struct LdapEntry {
  std::string dn;
  std::map<std::string, std::vector<std::string>> attributes;

  /// None if there is no such attribute.
  const std::vector<std::string>& values(std::string_view name) const;
};

enum class LdapScope : uint8_t { kBase, kSubtree };

/// A connection to a directory (RFC 4511). Its calls wait: none of the workers' threads may use it.
/// Referrals are not followed. libldap stands behind ldap.cc alone.
class LdapConnection {
 public:
  /// Connects, with TLS where the server's url or start_tls says so; certificates are checked.
  /// Errors: kUnavailable, kTimeout.
  static Result<LdapConnection> open(const LdapServer& server);
  LdapConnection(LdapConnection&&) noexcept;
  LdapConnection& operator=(LdapConnection&&) noexcept;
  ~LdapConnection();

  /// Proves to be `dn`. An empty name or password, which a server would take for somebody who does
  /// not want to prove anything (RFC 4513, sections 5.1.1 and 5.1.2), is refused before anything is
  /// sent. Errors: kAuthentication when the server says no; kUnavailable, kTimeout.
  Result<> bind(const std::string& dn, const SecretString& password);
  /// Entries that match; one of more than `most` is an error (kLimit). kNotFound: there is no such
  /// base. `attributes` are those that are read.
  Result<std::vector<LdapEntry>> search(const std::string& base, LdapScope scope,
                                        const std::string& filter,
                                        const std::vector<std::string>& attributes, size_t most);

 private:
  struct Handle;
  class Limit;
  explicit LdapConnection(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

/// A value as it stands in a filter (RFC 4515, section 3), so that it is nothing but a value.
std::string escape_filter(std::string_view value);
/// The same in a distinguished name (RFC 4514, section 2.4).
std::string escape_dn(std::string_view value);
/// The value of the first part of a name: "dba" of "cn=dba,ou=groups,dc=example". Nothing when it
/// is no name, or its first part has several values.
std::optional<std::string> first_value_of_dn(const std::string& dn);
/// A name in one form, to be compared: without spaces that mean nothing, in small letters (ASCII).
/// Nothing when it is none.
std::optional<std::string> normal_dn(const std::string& dn);

}  // namespace sluice::identity
