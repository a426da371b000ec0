#include "cli/tree/command_tree.h"

namespace sluice::cli {
namespace {

void add_wish(CLI::App& sub, GrantOptions& options) {
  sub.add_option("--for", options.lasts, "How long, such as 1h or 30m")
      ->required()
      ->type_name("DURATION");
  sub.add_option("--reason", options.reason, "Why; goes on the record")
      ->required()
      ->type_name("TEXT");
  sub.add_option("--ticket", options.ticket, "Where it was asked for")->type_name("TEXT");
  add_proof(sub, options.who);
}

void add_taking(CLI::App& sub, GrantOptions& options) {
  sub.add_option("database", options.database, "Where")->required();
  sub.add_option("--role", options.role, "One of the policy's roles")
      ->required()
      ->type_name("NAME");
  add_wish(sub, options);
}

void add_end(CommandTree& tree, CLI::App& grants, GrantOptions& options, const std::string& what,
             const std::string& help) {
  auto* sub = tree.formatted(tree.add(grants, what, help, "sluice grant " + what + " 3", [&, what] {
    return grant_end(tree.common(), options, what);
  }));
  sub->add_option("number", options.number, "From: sluice grant list")->required();
  sub->add_option("--comment", options.comment, "Why; goes on the record")->type_name("TEXT");
  add_proof(*sub, options.who);
}

void add_review(CommandTree& tree, CLI::App& grants, GrantOptions& options) {
  auto* sub = tree.formatted(
      tree.add(grants, "review", "Review a glass that was broken, or who holds what",
               "sluice grant review 3 --ok --comment 'repaired order 7'\n"
               "  sluice grant review -o csv\n"
               "  sluice grant review --of bob --group dba --revoke --comment 'has moved on'",
               [&] { return grant_review(tree.common(), options); }));
  sub->add_option("number", options.number, "A grant that was taken by breaking the glass");
  auto* ok = sub->add_flag("--ok", options.ok, "What was done with it was right");
  sub->add_flag("--concern", options.concern, "It was not; say what")->excludes(ok);
  sub->add_option("--of", options.of_user, "Only what this user holds")->type_name("NAME");
  sub->add_option("--group", options.group, "Decide on this group of theirs")->type_name("NAME");
  sub->add_option("--credential", options.credential, "Decide on this credential of theirs")
      ->type_name("ID");
  sub->add_option("--grant", options.grant, "Decide on this grant of theirs")->type_name("N");
  auto* keep = sub->add_flag("--keep", options.keep, "They keep it");
  sub->add_flag("--revoke", options.revoke, "They lose it at once")->excludes(keep);
  sub->add_option("--comment", options.comment, "Why; goes on the record")->type_name("TEXT");
  add_proof(*sub, options.who);
}

}  // namespace

void add_grant_commands(CommandTree& tree) {
  auto& options = tree.keep<GrantOptions>();
  auto* request = tree.formatted(
      tree.add(tree.app(), "request", "Ask for a role at a database, for a while",
               "sluice request orders --role writer --for 1h --reason 'repair order 7' --ticket "
               "OPS-12",
               [&] { return grant_request(tree.common(), options); }));
  add_taking(*request, options);
  request->add_flag("--no-wait", options.no_wait, "Do not wait until it is decided on");
  auto* glass = tree.formatted(tree.add(
      tree.app(), "break-glass", "Take a role at once, asking nobody; everybody hears of it",
      "sluice break-glass orders --role writer --for 30m --reason 'orders do not go out'",
      [&] { return grant_break_glass(tree.common(), options); }));
  add_taking(*glass, options);
  auto* grants = tree.group("grant", "Access for a while: who has it, and its end");
  auto* list = tree.listing(tree.add(
      *grants, "list", "List grants, newest first, those to be reviewed before all others",
      "sluice grant list --state active", [&] { return grant_list(tree.common(), options); }));
  list->add_option("--state", options.state, "Only those")
      ->check(CLI::IsMember(
          {"waiting", "active", "refused", "returned", "revoked", "expired", "extended"}));
  list->add_option("--holder", options.holder, "Only of this user")->type_name("NAME");
  auto* show = tree.formatted(tree.add(*grants, "show", "Show one of them", "sluice grant show 3",
                                       [&] { return grant_show(tree.common(), options); }));
  show->add_option("number", options.number, "From: sluice grant list")->required();
  auto* extend =
      tree.formatted(tree.add(*grants, "extend", "Ask for a later end of a grant of yours",
                              "sluice grant extend 3 --for 30m --reason 'not done yet'",
                              [&] { return grant_extend(tree.common(), options); }));
  extend->add_option("number", options.number, "From: sluice grant list")->required();
  extend->add_flag("--no-wait", options.no_wait, "Do not wait until it is decided on");
  add_wish(*extend, options);
  add_end(tree, *grants, options, "return", "Give back a grant of yours, or what you asked for");
  add_end(tree, *grants, options, "revoke", "End somebody else's");
  add_review(tree, *grants, options);
}

}  // namespace sluice::cli
