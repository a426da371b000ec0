#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "config/password_source.h"

namespace sluice::config {

/// One entry of `identity.directories`: an LDAP directory by which people log in
/// (docs/identity.md).
struct LdapConfig {
  std::string name;
  std::vector<std::string> urls;  ///< tried in this order: ldaps:// or ldap://
  bool start_tls = false;
  bool insecure = false;  ///< ldap:// without TLS to another machine than this
  std::string ca;         ///< PEM file; empty: the system's authorities
  std::string bind_dn;    ///< of the gateway's own account; empty: it looks for people as nobody
  SecretString password;  ///< of that; asked for at `password_source` each time
  PasswordSource password_source;
  /// "uid={user},ou=people,dc=example,dc=com": people are not looked for; empty: they are.
  std::string bind_template;
  std::string base;
  std::string user_filter = "(uid={user})";
  std::string active_filter;               ///< that people must match too; empty: none
  std::string user_attribute = "uid";      ///< what they are called here at their first login
  std::string id_attribute = "entryUUID";  ///< who they are, for good
  std::string groups_attribute;            ///< of a person: names of their groups; empty: none
  std::string groups_base;                 ///< where groups are looked for; empty: they are not
  std::string groups_filter = "(member={dn})";
  std::string groups_name = "cn";                 ///< attribute of a group that is looked for
  bool groups_nested = false;                     ///< groups within groups count, too
  std::map<std::string, std::string> groups_map;  ///< name or DN there: name here; empty: all
  std::string groups_prefix;
  bool provision = false;
  bool scim = false;
  Duration session = std::chrono::hours(8);
  Duration timeout = std::chrono::seconds(5);
  Duration recheck = std::chrono::seconds(4);      ///< zero: never
  Duration recheck_grace = std::chrono::hours(1);  ///< how long it may be away

  /// Whether it says who is in which group.
  bool has_groups() const { return !groups_attribute.empty() || !groups_base.empty(); }
};

}  // namespace sluice::config
