#include <iostream>
#include <set>

#include "cli/completion.h"
#include "cli/kept.h"
#include "cli/tree/command_tree.h"
#include "cli/tree/usage.h"

namespace sluice::cli {
namespace {

void add_wanted(CLI::App* sub, DatabaseOptions& wanted, bool is_new) {
  sub->add_option("name", wanted.name, "What clients put in dbname")->required();
  sub->add_option("--url", wanted.url, "postgres://host:port/database?options, without a password")
      ->required(is_new)
      ->type_name("URL");
  sub->add_option("--user", wanted.user, "The gateway's own role at the server")
      ->required(is_new)
      ->type_name("ROLE");
  sub->add_option("--environment", wanted.environment,
                  "By which policies tell it apart; \"production\" turns the guardrails on")
      ->required(is_new)
      ->type_name("WORD");
  sub->add_option("--authority", wanted.authority,
                  "Who vouches for the server's certificate (PEM), if not the system's authorities")
      ->type_name("FILE");
  sub->add_flag("--password-stdin", wanted.password_stdin,
                "Read the role's password from standard input");
  const auto on_off = CLI::IsMember({"on", "off"});
  sub->add_option("--masking", wanted.masking, "Hide what is sensitive: on (default) or off")
      ->check(on_off);
  sub->add_option("--stamp-writes", wanted.stamp_writes, "For sluice audit reconcile: on or off")
      ->check(on_off);
  sub->add_option("--pool-size", wanted.pool_size, "Server connections at most (50)")
      ->check(CLI::Range(1, 10'000));
  sub->add_flag("--check-only", wanted.check_only, "Log in there, and keep nothing");
}

/// Names of databases are asked for by the scripts themselves.
Result<> print_completion(CommandTree& tree, const std::string& shell) {
  if (shell != "databases") {
    std::cout << completion_script(shell, completed(tree.app()));
    return {};
  }
  SLUICE_ASSIGN(const auto folder, kept_folder());
  SLUICE_ASSIGN(const auto all, read_kept(folder));
  std::set<std::string> names;
  for (const auto& kept : all) names.insert(kept.databases.begin(), kept.databases.end());
  for (const auto& name : names) std::cout << printable(name) << '\n';
  return {};
}

void add_databases(CommandTree& tree) {
  auto& database = tree.keep<std::string>();
  auto& wanted = tree.keep<DatabaseOptions>();
  auto* databases = tree.group("database", "Databases behind the gateway");
  auto* add = tree.add(
      *databases, "add", "Add one to the running gateway, once it could log in there",
      "echo \"$PASSWORD\" | sluice database add orders --url postgres://db.internal/orders "
      "--user sluice --environment production --password-stdin",
      [&] { return database_add(tree.common(), wanted); });
  add_wanted(add, wanted, true);
  tree.formatted(add);
  auto* set = tree.add(*databases, "set", "Change one that was added",
                       "sluice database set orders --environment staging",
                       [&] { return database_set(tree.common(), wanted); });
  add_wanted(set, wanted, false);
  tree.formatted(set);
  tree.formatted(tree.add(*databases, "remove", "Remove one that was added; sessions in it end",
                          "sluice database remove orders",
                          [&] { return database_remove(tree.common(), database); }))
      ->add_option("name", database, "Of: sluice database list")
      ->required();
  tree.listing(tree.add(*databases, "list", "List them", "sluice database list",
                        [&] { return database_list(tree.common()); }));
  auto* check = tree.add(*databases, "check", "Let the running gateway try to log in",
                         "sluice database check orders",
                         [&] { return database_check(tree.common(), database); });
  check->add_option("name", database, "Only this database");
  tree.formatted(check);
}

void add_sessions(CommandTree& tree) {
  auto& id = tree.keep<uint64_t>();
  auto* sessions = tree.group("session", "Live sessions");
  tree.listing(tree.add(*sessions, "list", "List them", "sluice session list",
                        [&] { return session_list(tree.common()); }));
  auto* kill = tree.add(*sessions, "kill", "End one", "sluice session kill 42",
                        [&] { return session_kill(tree.common(), id); });
  tree.formatted(kill)->add_option("id", id, "From: sluice session list")->required();
}

void add_lint(CommandTree& tree) {
  auto& options = tree.keep<LintOptions>();
  auto* sub = tree.formatted(
      tree.add(tree.app(), "lint", "Check a script of schema changes for what would hurt",
               "sluice lint migration.sql\n  sluice lint - -o json < migration.sql\n"
               "  sluice lint --rules\n\nExit codes: 0 nothing worse than advice, "
               "1 errors or warnings, 2 wrong usage.",
               [&] { return lint(tree.common(), options); }));
  sub->add_option("file", options.file, "SQL script; - for standard input")->type_name("FILE");
  sub->add_flag("--rules", options.rules, "Print all rules instead");
  sub->add_option("--database", options.database,
                  "Ask the running gateway for sizes and dependents in this database")
      ->type_name("NAME");
}

}  // namespace

void add_gateway_commands(CommandTree& tree) {
  tree.add(tree.app(), "serve", "Run the gateway", "sluice serve --config sluice.yaml",
           [&] { return serve(tree.common()); });
  add_databases(tree);
  add_sessions(tree);
  add_lint(tree);
  auto* config = tree.group("config", "The configuration file");
  tree.formatted(tree.add(*config, "check", "Check it, with every problem's line",
                          "sluice config check --config sluice.yaml",
                          [&] { return config_check(tree.common()); }));
  tree.formatted(tree.add(tree.app(), "version", "Print the version", "sluice version -o json",
                          [&] { return version(tree.common()); }));
  auto& shell = tree.keep<std::string>();
  auto* completion =
      tree.add(tree.app(), "completion", "Print a shell completion script",
               "source <(sluice completion bash)", [&] { return print_completion(tree, shell); });
  completion
      ->add_option("shell", shell,
                   "bash, zsh or fish; databases: names of those that one is logged in for")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish", "databases"}));
}

}  // namespace sluice::cli
