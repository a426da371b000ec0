#include "cli/tree/command_tree.h"

namespace sluice::cli {
namespace {

/// All of them take a user, and say what has been done with -o.
void named(CommandTree& tree, CLI::App* sub, UserOptions& user) {
  tree.formatted(sub)->add_option("name", user.name, "User name")->required();
}
void described(CLI::App* sub, UserOptions& user) {
  sub->add_option("--kind", user.kind, "human (default), service or agent")
      ->check(CLI::IsMember({"human", "service", "agent"}))
      ->type_name("KIND");
  sub->add_option("--group", user.groups, "Group; may be repeated")->type_name("GROUP");
  sub->add_option("--attribute", user.attributes, "For policies to ask about; may be repeated")
      ->type_name("KEY=VALUE");
  sub->add_option("--valid-until", user.valid_until,
                  "When their time ends: 2027-03-31, 2027-03-31T18:00:00Z, 90d from now, or never")
      ->type_name("TIME");
}

void with_password(CLI::App* sub, UserOptions& user) {
  sub->add_flag("--password-stdin", user.password_stdin, "Read the password from standard input");
  sub->add_flag("--generate", user.generate, "Make a password and print it");
}

}  // namespace

void add_user_commands(CommandTree& tree) {
  auto& user = tree.keep<UserOptions>();
  auto* users = tree.group("user", "People, services and agents who may connect");
  auto* add_user =
      tree.add(*users, "add", "Add a user",
               "echo \"$PASSWORD\" | sluice user add alice --group engineering --password-stdin",
               [&] { return user_add(tree.common(), user); });
  named(tree, add_user, user);
  described(add_user, user);
  with_password(add_user, user);
  add_user->add_flag("--no-password", user.no_password,
                     "They log in by an identity provider or a directory, or show tokens alone");
  auto* set = tree.add(
      *users, "set", "Change a user's kind, groups, attributes or time, from the next statement on",
      "sluice user set nightly --kind agent --attribute team=data",
      [&] { return user_set(tree.common(), user); });
  named(tree, set, user);
  described(set, user);
  tree.listing(tree.add(*users, "list", "List users", "sluice user list -o json",
                        [&] { return user_list(tree.common()); }));
  auto* passwd = tree.add(*users, "passwd", "Change a password", "sluice user passwd alice",
                          [&] { return user_passwd(tree.common(), user); });
  named(tree, passwd, user);
  with_password(passwd, user);
  auto* link = tree.add(*users, "link", "Say who a user is at an identity provider",
                        "sluice user link alice --issuer https://login.example.com --subject 4711",
                        [&] { return user_link(tree.common(), user); });
  named(tree, link, user);
  link->add_option("--issuer", user.issuer, "The issuer's identifier")
      ->required()
      ->type_name("URL");
  link->add_option("--subject", user.subject, "Their sub there")->required()->type_name("SUB");
  named(tree,
        tree.add(*users, "disable", "Refuse a user from now on; running sessions end",
                 "sluice user disable alice",
                 [&] { return user_disable(tree.common(), user.name, true); }),
        user);
  named(tree,
        tree.add(*users, "enable", "Let a disabled user in again", "sluice user enable alice",
                 [&] { return user_disable(tree.common(), user.name, false); }),
        user);
  auto& no_more = tree.keep<bool>();
  auto* totp =
      tree.add(*users, "totp", "Demand one-time codes at sluice login, and print their URI",
               "sluice user totp alice | qrencode -t ansiutf8",
               [&] { return user_totp(tree.common(), user.name, no_more); });
  named(tree, totp, user);
  totp->add_flag("--remove", no_more, "Demand none any more");
  auto& no_key = tree.keep<bool>();
  auto* key = tree.add(*users, "assertion-key",
                       "Let a service say for whom it acts, and print the key it signs that with",
                       "sluice user assertion-key shop",
                       [&] { return user_assertion_key(tree.common(), user.name, no_key); });
  named(tree, key, user);
  key->add_flag("--remove", no_key, "It acts for itself alone from now on");
  named(tree,
        tree.add(*users, "remove", "Remove a user; the audit log keeps what they did",
                 "sluice user remove alice", [&] { return user_remove(tree.common(), user.name); }),
        user);
}

}  // namespace sluice::cli
