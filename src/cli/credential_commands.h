#pragma once

#include <string>
#include <vector>

#include "cli/commands.h"

namespace sluice::cli {

struct TokenOptions {
  std::string user;
  std::vector<std::string> databases;
  std::string lifetime = "30d";
  std::string label;
  std::string acts_for;
  std::vector<std::string> scopes;
  bool all = false;  ///< those that are over too
  std::string id;
};
/// Prints the token, which nobody can show again.
Result<> token_create(const Common& common, const TokenOptions& options);
Result<> token_list(const Common& common, const TokenOptions& options);
/// One by its id, or all of a user.
Result<> token_revoke(const Common& common, const TokenOptions& options);

struct ScimOptions {
  std::string lifetime = "180d";
  std::string label;
  bool all = false;  ///< those that are over too
  std::string id;    ///< of a token
  std::string user;  ///< adopt
};
/// Prints the token that an identity provider shows, which nobody can show again.
Result<> scim_token_create(const Common& common, const ScimOptions& options);
Result<> scim_token_list(const Common& common, const ScimOptions& options);
Result<> scim_token_revoke(const Common& common, const ScimOptions& options);
/// Hands a user over to the identity provider.
Result<> scim_adopt(const Common& common, const ScimOptions& options);

struct DirectoryOptions {
  std::string name;  ///< empty: all
  std::string user;  ///< whom to look for; empty: nobody
};
/// Whether the directories of the configuration can be asked, and what they know of somebody. Fails
/// when one cannot, or none knows whom to look for.
Result<> directory_check(const Common& common, const DirectoryOptions& options);

struct LoginOptions {
  std::string gateway;  ///< "http://gateway:8080"; empty: as the last time
  std::string user;     ///< empty: as the last time, or who is at the keyboard
  std::string database;
  bool password_stdin = false;
  std::string totp;
  std::string issuer;        ///< log in by this identity provider instead of a password; with no
                             ///< way said at all, as the last time
  std::string directory;     ///< with a password of this directory; empty: the gateway knows
  bool device = false;       ///< by a code that is entered in a browser anywhere
  bool certificate = false;  ///< get a client certificate, too
};
/// Gets a credential from a gateway and keeps it.
Result<> login(const Common& common, const LoginOptions& options);

struct LogoutOptions {
  std::string gateway;  ///< empty: the latest
  bool all = false;
};
/// Ends kept credentials at their gateways, and removes them. What could not be ended there is
/// removed all the same, and an error.
Result<> logout(const Common& common, const LogoutOptions& options);

struct ConnectOptions {
  std::string gateway;  ///< whose credential; empty: the latest
  std::string database;
  bool print = false;
  std::vector<std::string> arguments;  ///< for psql
  std::string listen = "127.0.0.1:0";
};
/// Becomes psql with the kept credential, or prints a URI.
Result<> connect(const Common& common, const ConnectOptions& options);
/// Opens a local port until it is interrupted: whoever connects to it acts with the kept
/// credential.
Result<> proxy(const Common& common, const ConnectOptions& options);
/// Writes pg_service.conf and .pgpass for all databases of the kept credential.
Result<> config_clients(const Common& common, const ConnectOptions& options);

/// Speaks the Model Context Protocol on standard input and output, for the gateway's own endpoint,
/// until the input ends.
Result<> mcp(const ConnectOptions& options);

}  // namespace sluice::cli
