#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/credential_commands.h"
#include "cli/tree/command_tree.h"
#include "identity/token_rules.h"

namespace sluice::cli {
namespace {

void add_token_commands(CommandTree& tree) {
  auto& token = tree.keep<TokenOptions>();
  auto* tokens = tree.group("token", "Credentials of services and agents, and sessions of people");
  auto* create = tree.add(*tokens, "create", "Make an API token and print it, once",
                          "sluice token create --user nightly --database orders --for 30d --label "
                          "\"nightly load\"",
                          [&] { return token_create(tree.common(), token); });
  tree.formatted(create);
  create->add_option("--user", token.user, "Whom it lets in")->required()->type_name("NAME");
  create->add_option("--database", token.databases, "Where it is good; may be repeated")
      ->type_name("NAME");
  create->add_option("--for", token.lifetime, "How long it lives, at most 366d (default 30d)")
      ->type_name("DURATION");
  create->add_option("--label", token.label, "What it is for")->type_name("TEXT");
  create
      ->add_option("--acts-for", token.acts_for,
                   "The person for whom the user acts: it then may no more than both may")
      ->type_name("NAME");
  create
      ->add_option("--scope", token.scopes,
                   fmt::format("What it may do at the HTTP API: {}; may be repeated",
                               fmt::join(identity::token_scopes(), ", ")))
      ->type_name("SCOPE");
  auto* list = tree.listing(tree.add(*tokens, "list", "List tokens and sessions",
                                     "sluice token list --user nightly -o json",
                                     [&] { return token_list(tree.common(), token); }));
  list->add_option("--user", token.user, "Only this user's")->type_name("NAME");
  list->add_flag("--all", token.all, "Those that have expired or are revoked, too");
  auto* revoke = tree.add(*tokens, "revoke", "End a credential; its sessions end within seconds",
                          "sluice token revoke 7k2m9x4qzp",
                          [&] { return token_revoke(tree.common(), token); });
  tree.formatted(revoke);
  revoke->add_option("id", token.id, "Which");
  revoke->add_option("--user", token.user, "All of this user")->type_name("NAME");
}

void add_scim_commands(CommandTree& tree) {
  auto& options = tree.keep<ScimOptions>();
  auto* scim = tree.group("scim", "Users and groups that an identity provider keeps (SCIM)");
  auto* tokens = tree.group(*scim, "token", "What the identity provider shows");
  auto* create =
      tree.add(*tokens, "create", "Make a token for an identity provider and print it, once",
               "sluice scim token create --label \"Entra ID\" --for 180d",
               [&] { return scim_token_create(tree.common(), options); });
  tree.formatted(create);
  create->add_option("--for", options.lifetime, "How long it lives (default 180d)")
      ->type_name("DURATION");
  create->add_option("--label", options.label, "Whose it is")->type_name("TEXT");
  auto* list = tree.listing(tree.add(*tokens, "list", "List tokens of identity providers",
                                     "sluice scim token list -o json",
                                     [&] { return scim_token_list(tree.common(), options); }));
  list->add_flag("--all", options.all, "Those that have expired or are revoked, too");
  auto* revoke = tree.add(*tokens, "revoke", "End a token: its next request is refused",
                          "sluice scim token revoke 7k2m9x4qzp",
                          [&] { return scim_token_revoke(tree.common(), options); });
  tree.formatted(revoke)->add_option("id", options.id, "Which")->required();
  auto* adopt =
      tree.add(*scim, "adopt",
               "Hand a user over to the identity provider: password, groups and "
               "credentials of before end",
               "sluice scim adopt alice", [&] { return scim_adopt(tree.common(), options); });
  tree.formatted(adopt)->add_option("name", options.user, "User name")->required();
}

void add_directory_commands(CommandTree& tree) {
  auto& options = tree.keep<DirectoryOptions>();
  auto* directories = tree.group("directory", "Directories (LDAP) by which people log in");
  auto* check = tree.formatted(
      tree.add(*directories, "check", "Ask directories as the gateway would, and look for somebody",
               "sluice directory check corp --user alice",
               [&] { return directory_check(tree.common(), options); }));
  check->add_option("name", options.name, "Which (default: all)");
  check->add_option("--user", options.user, "Whom to look for")->type_name("NAME");
}

void add_login_command(CommandTree& tree) {
  auto& options = tree.keep<LoginOptions>();
  auto* sub = tree.formatted(
      tree.add(tree.app(), "login", "Get a credential from a gateway and keep it",
               "sluice login --gateway https://gateway.example --user alice\n  sluice "
               "login --gateway https://gateway.example --issuer corp\n  sluice login "
               "--device\n  sluice login --certificate",
               [&] { return login(tree.common(), options); }));
  sub->add_option("--gateway", options.gateway, "Where (default: as the last time)")
      ->envname("SLUICE_GATEWAY")
      ->type_name("URL");
  sub->add_option("--user", options.user, "As whom (default: as the last time)")->type_name("NAME");
  sub->add_option("--database", options.database, "For this database alone")->type_name("NAME");
  sub->add_option("--totp", options.totp, "The one-time code, where codes are set up")
      ->type_name("CODE");
  sub->add_flag("--password-stdin", options.password_stdin,
                "Read the password from standard input");
  sub->add_option("--directory", options.directory,
                  "With the password of this directory (LDAP), where the gateway asks several")
      ->type_name("NAME");
  sub->add_option(
         "--issuer", options.issuer,
         "By this identity provider, in the browser (default: as the last time, by it or a "
         "password)")
      ->type_name("NAME");
  sub->add_flag("--device", options.device,
                "By an identity provider, with a code to be entered in a browser anywhere");
  sub->add_flag("--certificate", options.certificate,
                "Get a client certificate, too, which connect and config-clients then use");
}

void add_logout_command(CommandTree& tree) {
  auto& options = tree.keep<LogoutOptions>();
  auto* sub = tree.formatted(tree.add(
      tree.app(), "logout", "End what sluice login began, here and at the gateway",
      "sluice logout\n  sluice logout --gateway https://gateway.example\n  sluice logout --all",
      [&] { return logout(tree.common(), options); }));
  sub->add_option("--gateway", options.gateway, "Where (default: at the latest)")
      ->envname("SLUICE_GATEWAY")
      ->type_name("URL");
  sub->add_flag("--all", options.all, "Wherever somebody has logged in from here");
}

CLI::App* with_gateway(CLI::App* sub, ConnectOptions& options) {
  sub->add_option("--gateway", options.gateway, "With the credential of this gateway")
      ->envname("SLUICE_GATEWAY")
      ->type_name("URL");
  return sub;
}

void add_connect_commands(CommandTree& tree) {
  auto& options = tree.keep<ConnectOptions>();
  auto* sub =
      with_gateway(tree.formatted(tree.add(
                       tree.app(), "connect",
                       "Run psql with the credential that sluice login got; it exits as psql does",
                       "sluice connect orders -- -c 'SELECT 1'",
                       [&] { return connect(tree.common(), options); })),
                   options);
  sub->add_option("database", options.database, "Database")->required();
  sub->add_option("arguments", options.arguments, "For psql, behind --");
  sub->add_flag("--print", options.print, "Print a URI instead, with the secret in it");
  auto* port = with_gateway(
      tree.formatted(tree.add(
          tree.app(), "proxy",
          "Open a local port for programs that know no password. Whoever can connect to it "
          "acts as you: it listens on loopback addresses alone",
          "sluice proxy orders --listen 127.0.0.1:5433",
          [&] { return proxy(tree.common(), options); })),
      options);
  port->add_option("database", options.database, "Database")->required();
  port->add_option("--listen", options.listen, "Where (default 127.0.0.1:0, any free port)")
      ->type_name("ADDRESS");
  with_gateway(
      tree.add(tree.app(), "mcp",
               "Speak the Model Context Protocol on standard input and output, for AI agents, with "
               "the credential that sluice login got or SLUICE_TOKEN holds",
               "sluice mcp\n  SLUICE_TOKEN=slc_… sluice mcp --gateway https://gateway.example",
               [&] { return mcp(options); }),
      options);
  with_gateway(tree.formatted(tree.add(tree.app(), "config-clients",
                                       "Write pg_service.conf and .pgpass, for psql service=orders",
                                       "sluice config-clients",
                                       [&] { return config_clients(tree.common(), options); })),
               options);
}

}  // namespace

void add_credential_commands(CommandTree& tree) {
  add_token_commands(tree);
  add_directory_commands(tree);
  add_scim_commands(tree);
  add_login_command(tree);
  add_logout_command(tree);
  add_connect_commands(tree);
}

}  // namespace sluice::cli
