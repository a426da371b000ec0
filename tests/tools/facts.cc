// sluice_facts CONNINFO MODE: what Sluice makes of a database, for tests. A mode reads lines from
// standard input and answers each; answers end with a line that says "done".
#include <array>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <pthread.h>

#include "analyst.h"
#include "catalog/diff.h"
#include "catalog/traits.h"
#include "catalog_json.h"
#include "database.h"
#include "facts_json.h"
#include "sql/analyse.h"

namespace sluice::tools {
namespace {

namespace json = boost::json;

void done() { std::cout << "done" << std::endl; }

/// Prints the catalog once, as JSON: users' objects, or all of them.
Result<void> print_catalog(Database& database, bool system) {
  SLUICE_ASSIGN(const auto catalog, database.load());
  std::cout << json::serialize(to_json(*catalog, system)) << std::endl;
  return {};
}

Result<void> users(Database& database) { return print_catalog(database, false); }
Result<void> all(Database& database) { return print_catalog(database, true); }

/// Answers each line with the fingerprint of this moment.
Result<void> fingerprint(Database& database) {
  for (std::string line; std::getline(std::cin, line);) {
    SLUICE_ASSIGN(const auto results, database.run(catalog::fingerprint_query()));
    std::cout << results.at(0).at(0).at(0).value() << '\n';
    done();
  }
  return {};
}

/// Runs each line as SQL, then answers with the catalog's users' objects as this session sees them.
Result<void> within(Database& database) {
  SLUICE_ASSIGN(const auto system, database.load());
  for (std::string line; std::getline(std::cin, line);) {
    SLUICE_TRY(database.run(line));
    SLUICE_ASSIGN(const auto catalog, database.load(false, system.get()));
    std::cout << json::serialize(to_json(*catalog, false)) << '\n';
    done();
  }
  return {};
}

Result<std::vector<catalog::Trait>> traits_of(Database& database, std::string_view query) {
  SLUICE_ASSIGN(auto answer, database.run(query));
  return catalog::read_traits(std::move(answer.at(0)));
}

/// Runs each line as SQL, then answers with the fingerprint as this session sees it and, line by
/// line, what is different from before the first.
Result<void> changes(Database& database) {
  std::shared_ptr<const catalog::Catalog> start;
  std::vector<catalog::Trait> traits;
  for (std::string line; std::getline(std::cin, line);) {
    if (!start) {
      SLUICE_ASSIGN(start, database.load());
      SLUICE_ASSIGN(traits, traits_of(database, catalog::traits_query()));
    }
    SLUICE_TRY(database.run(line));
    SLUICE_ASSIGN(const auto catalog, database.load(false, start.get()));
    SLUICE_ASSIGN(const auto now, traits_of(database, catalog::traits_query()));
    std::cout << catalog->fingerprint() << '\n';
    for (const auto& change : catalog::diff(*start, *catalog)) {
      std::cout << change.to_string() << '\n';
    }
    for (const auto& change : catalog::diff_traits(traits, now)) {
      std::cout << change.to_string() << '\n';
    }
    done();
  }
  return {};
}

/// Runs each line, and answers with the server's fingerprint and how its traits differ from those
/// at the start.
Result<void> server(Database& database) {
  std::optional<std::vector<catalog::Trait>> start;
  for (std::string line; std::getline(std::cin, line);) {
    if (!start) {
      SLUICE_ASSIGN(start, traits_of(database, catalog::server_traits_query()));
    }
    SLUICE_TRY(database.run(line));
    SLUICE_ASSIGN(const auto seen, database.run(catalog::server_traits_fingerprint_query()));
    std::cout << seen.at(0).at(0).at(0).value() << '\n';
    SLUICE_ASSIGN(const auto now, traits_of(database, catalog::server_traits_query()));
    for (const auto& change : catalog::diff_traits(*start, now)) {
      std::cout << change.to_string() << '\n';
    }
    done();
  }
  return {};
}

/// Answers each line, and says "done" once before the first, with what changed since the last.
Result<void> drift(Database& database) {
  SLUICE_ASSIGN(auto before, database.load());
  done();
  for (std::string line; std::getline(std::cin, line);) {
    SLUICE_ASSIGN(auto after, database.load(false, before.get()));
    for (const catalog::Change& change : catalog::diff(*before, *after)) {
      std::cout << change.to_string() << '\n';
    }
    done();
    before = std::move(after);
  }
  return {};
}

/// Answers each line, a statement as a JSON string, with its facts as one line of JSON, against
/// the catalog and search_path of this session at the start.
Result<void> facts(Database& database) {
  sql::Scope scope;
  SLUICE_ASSIGN(scope.catalog, database.load());
  SLUICE_ASSIGN(const auto path, database.run("SELECT unnest(pg_catalog.current_schemas(true))"));
  scope.search_path.clear();
  for (const auto& row : path.at(0)) scope.search_path.push_back(row.at(0).value());
  for (std::string line; std::getline(std::cin, line);) {
    boost::system::error_code error;
    const auto text = json::parse(line, error);
    if (error || !text.is_string()) return fail(ErrorCode::kProtocol, "not a JSON string: " + line);
    const auto found = sql::analyse(std::string_view(text.as_string()), {}, scope);
    std::cout << json::serialize(to_json(*found, *scope.catalog)) << std::endl;
  }
  return {};
}

/// Each line is JSON: a string is a statement, answered with its facts; {"run": "SQL"} is run in
/// this session, after which the catalog is read anew, and the answer names its temporary
/// relations. One line of JSON answers each.
Result<void> statements(Database& database) {
  Analyst analyst(database);
  SLUICE_TRY(analyst.look());
  for (std::string line; std::getline(std::cin, line);) {
    boost::system::error_code error;
    const json::value question = json::parse(line, error);
    if (error) return fail(ErrorCode::kProtocol, "not JSON: " + line);
    const auto answer = analyst.answer(question);
    std::cout << (answer ? json::serialize(*answer)
                         : json::serialize(json::object{{"error", answer.error().text}}))
              << std::endl;
  }
  return {};
}

struct Mode {
  std::string_view name;
  Result<void> (*run)(Database&);
};

constexpr std::array kModes = {
    Mode{"users", users},
    Mode{"all", all},
    Mode{"fingerprint", fingerprint},
    Mode{"within", within},
    Mode{"changes", changes},
    Mode{"server", server},
    Mode{"drift", drift},
    Mode{"facts", facts},
    Mode{"statements", statements},
};

int main(int argc, char** argv) {
  if (argc == 3) {
    for (const Mode& mode : kModes) {
      if (mode.name != argv[2]) continue;
      auto database = Database::connect(argv[1]);
      const auto ran = database ? mode.run(*database) : fail(std::move(database).error());
      if (ran) return 0;
      std::cerr << ran.error().text << '\n';
      return 1;
    }
  }
  std::cerr << "usage: sluice_facts CONNINFO "
               "users|all|fingerprint|within|changes|server|drift|facts|statements\n";
  return 2;
}

}  // namespace
}  // namespace sluice::tools

namespace {

struct Call {
  int argc;
  char** argv;
  int code = 2;
};

}  // namespace

int main(int argc, char** argv) {
  // Analysis wants the big stack it has in the gateway.
  Call call{argc, argv};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, sluice::sql::kAnalyserStackBytes);
  pthread_t thread;
  const auto run = [](void* argument) -> void* {
    auto* given = static_cast<Call*>(argument);
    given->code = sluice::tools::main(given->argc, given->argv);
    return nullptr;
  };
  if (pthread_create(&thread, &attributes, run, &call) == 0) pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  return call.code;
}
