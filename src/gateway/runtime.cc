#include "gateway/runtime.h"

#include "base/log.h"
#include "gateway/own_address.h"

namespace sluice::gateway {
namespace {

namespace pg = wire::postgres;

/// What clients may send once logged in. Statements are gathered, to be understood whole; what only
/// carries data passes as it comes.
pg::Framer::Rules client_rules(const config::LimitsConfig& limits) {
  pg::Framer::Rules rules;
  const auto set = [&](std::string_view types, pg::Framer::Handling handling) {
    for (const char type : types) rules.by_type[static_cast<unsigned char>(type)] = handling;
  };
  set("QPBEDCSHXcf", pg::Framer::Handling::kGather);
  set("dF", pg::Framer::Handling::kStream);
  rules.gather_limit = static_cast<uint32_t>(limits.statement_bytes);
  return rules;
}

}  // namespace

Result<Databases> make_databases(const config::Config& config, const Runtime* previous,
                                 Renew renew) {
  Databases databases;
  for (const auto& entry : config.databases) {
    std::shared_ptr<Database> database;
    if (previous != nullptr) {
      const auto old = previous->databases.find(entry.name);
      if (old != previous->databases.end() && same_server(old->second->config(), entry)) {
        database = old->second;
      }
    }
    const bool is_new = database == nullptr;
    if (is_new) {
      SLUICE_ASSIGN(database, Database::create(entry));
    }
    if (is_new || renew == Renew::kAll) {
      if (const auto read = database->read_password(); !read) {
        // It is asked for again by the next connection.
        log::warn("database {}: {}", entry.name, read.error().text);
      }
      // Of those that admins have added: elsewhere, by who calls this (Gateway::set_databases).
      const bool later = renew == Renew::kNewAlone && was_added(entry) && !is_literal(entry.host);
      const auto resolved = later ? Result<>() : database->refresh_addresses();
      if (!resolved) {
        // The name may resolve later; until then connecting says so.
        log::warn("database {}: {}", entry.name, resolved.error().text);
      }
    }
    databases.emplace(entry.name, std::move(database));
  }
  return databases;
}

void read_catalog(Database& database) {
  database.catalog().when_current([name = database.config().name](CatalogKeeper::Known known) {
    if (!known) log::warn("database {}: {}", name, known.error().text);
  });
}

void read_catalog_of_new(const std::shared_ptr<Database>& database, Background& background) {
  if (!was_added(database->config()) || is_literal(database->config().host)) {
    read_catalog(*database);
    return;
  }
  background.submit([database] {
    if (const auto resolved = database->refresh_addresses(); !resolved)
      log::warn("database {}: {}", database->config().name, resolved.error().text);
    read_catalog(*database);
  });
}

std::vector<privacy::CopyIn> copies_in(const Databases& databases) {
  std::vector<privacy::CopyIn> out;
  for (const auto& [name, database] : databases) {
    bool more = false;
    for (auto& copy : database->labels().carried(more)) out.emplace_back(name, std::move(copy));
    if (more) database->catalog().when_current([](const auto&) {});
  }
  return out;
}

Result<std::shared_ptr<const Runtime>> make_runtime(
    std::shared_ptr<const config::Config> config,
    std::shared_ptr<const identity::Directory> directory,
    std::shared_ptr<const policy::Policy> policy, const Runtime* previous) {
  auto runtime = std::make_shared<Runtime>();
  runtime->client_rules = client_rules(config->limits);
  if (config->tls.enabled()) {
    SLUICE_ASSIGN(runtime->tls, net::TlsContext::server(config->tls.certificate, config->tls.key,
                                                        config->tls.client_certificates));
  }
  for (const auto& entry : config->identity.certificates) {
    auto authorities = net::ClientAuthorities::load(entry.ca, entry.crl);
    if (!authorities)
      return fail(std::move(authorities.error()).within("identity.certificates " + entry.name));
    runtime->authorities.push_back(std::move(*authorities));
  }
  SLUICE_ASSIGN(runtime->databases, make_databases(*config, previous, Renew::kAll));
  runtime->config = std::move(config);
  runtime->directory = std::move(directory);
  runtime->policy = std::move(policy);
  return runtime;
}

}  // namespace sluice::gateway
