#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "gateway/background.h"
#include "gateway/database.h"
#include "identity/directory.h"
#include "net/peer_certificate.h"
#include "net/tls.h"
#include "policy/policy.h"
#include "wire/postgres/framer.h"

namespace sluice::gateway {

using Databases = std::map<std::string, std::shared_ptr<Database>, std::less<>>;

/// Everything a new session needs to know, at one moment: immutable, swapped whole on reload.
/// A session keeps what it took at login.
struct Runtime {
  std::shared_ptr<const config::Config> config;
  std::shared_ptr<const identity::Directory> directory;
  wire::postgres::Framer::Rules client_rules;  ///< which messages sessions gather, how long
  std::shared_ptr<const net::TlsContext> tls;  ///< null when no certificate is configured
  /// Who vouches for certificates, for each of config->identity.certificates in its order.
  std::vector<std::shared_ptr<const net::ClientAuthorities>> authorities;
  Databases databases;
  std::shared_ptr<const policy::Policy> policy;
};

/// Whose passwords and addresses are asked for: of all databases, or of those that are new.
enum class Renew : uint8_t { kAll, kNewAlone };

/// Those of a configuration, with the Database objects of `previous` (may be null) that did not
/// change. Resolves host names: blocking.
Result<Databases> make_databases(const config::Config& config, const Runtime* previous,
                                 Renew renew);

/// Reads it ahead of the first statement. What goes wrong is told to whoever waits for it.
void read_catalog(Database& database);

/// The same of one that is new. A name that an admin gave its host is looked up in the background:
/// whoever calls this may have more to do than to wait for name servers of others' choice.
void read_catalog_of_new(const std::shared_ptr<Database>& database, Background& background);

/// What statements have put into columns of each, whose class no correction says yet. Has catalogs
/// read again, in the background, where that is needed to know.
std::vector<privacy::CopyIn> copies_in(const Databases& databases);

/// Builds the next runtime from a configuration, keeping the Database objects (and so the pooled
/// connections) of databases that did not change. Resolves host names: blocking.
Result<std::shared_ptr<const Runtime>> make_runtime(
    std::shared_ptr<const config::Config> config,
    std::shared_ptr<const identity::Directory> directory,
    std::shared_ptr<const policy::Policy> policy, const Runtime* previous);

}  // namespace sluice::gateway
