#include "cli/change_commands.h"
#include "cli/tree/command_tree.h"

namespace sluice::cli {
namespace {

void add_number(CLI::App& sub, ChangeOptions& options) {
  sub.add_option("number", options.number, "From: sluice change list")->required();
}

void add_act(CommandTree& tree, CLI::App& changes, ChangeOptions& options, const std::string& what,
             const std::string& help) {
  auto* sub =
      tree.formatted(tree.add(changes, what, help, "sluice change " + what + " 3 --user alice",
                              [&, what] { return change_act(tree.common(), options, what); }));
  add_number(*sub, options);
  add_proof(*sub, options.who);
}

}  // namespace

void add_change_commands(CommandTree& tree) {
  auto& options = tree.keep<ChangeOptions>();
  auto* changes = tree.group("change", "Scripts that run on several databases, once approved");
  auto* submit = tree.formatted(tree.add(
      *changes, "submit", "Have a script judged, and ask for its approval",
      "sluice change submit add-note.sql --on orders-staging --on orders --title 'Notes on orders' "
      "--reason 'support asks for them' --ticket OPS-12 --rollback drop-note.sql",
      [&] { return change_submit(tree.common(), options); }));
  submit->add_option("file", options.file, "SQL; - is standard input")->required();
  submit
      ->add_option("--on", options.targets,
                   "A database; may be repeated, they are run on in this order")
      ->required()
      ->type_name("DATABASE");
  submit->add_option("--title", options.title, "What it does, in a line")
      ->required()
      ->type_name("TEXT");
  submit->add_option("--reason", options.reason, "Why")->required()->type_name("TEXT");
  submit->add_option("--ticket", options.ticket, "Where it was asked for")->type_name("TEXT");
  submit
      ->add_option("--rollback", options.rollback,
                   "SQL that takes it back; approved together with it")
      ->type_name("FILE");
  submit->add_option("--lock-timeout", options.lock_timeout, "That a step may wait for a lock")
      ->default_str("5s")
      ->type_name("DURATION");
  submit->add_option("--statement-timeout", options.statement_timeout, "That a step may take")
      ->default_str("10m")
      ->type_name("DURATION");
  add_proof(*submit, options.who);
  auto* list = tree.listing(tree.add(*changes, "list", "List changes, newest first",
                                     "sluice change list --state waiting",
                                     [&] { return change_list(tree.common(), options); }));
  list->add_option("--state", options.state, "Only those")
      ->check(CLI::IsMember({"waiting", "ready", "refused", "running", "done", "failed",
                             "cancelled", "rolling_back", "rolled_back", "rollback_failed"}));
  list->add_option("--requester", options.requester, "Only of this user")->type_name("NAME");
  auto* status = tree.formatted(tree.add(*changes, "status", "Show what it waits for, or has done",
                                         "sluice change status 3",
                                         [&] { return change_status(tree.common(), options); }));
  add_number(*status, options);
  add_act(tree, *changes, options, "run", "Run it, as it was approved, and tell of each step");
  add_act(tree, *changes, options, "rollback",
          "Run its rollback script where it was done, the last database first");
  add_act(tree, *changes, options, "cancel", "Give it up, or stop it while it runs");
  auto* undo = tree.formatted(tree.add(
      *changes, "undo",
      "Put back what was kept of it, where its rule says undoable; by who may approve it",
      "sluice change undo 3 --preview", [&] { return change_undo(tree.common(), options); }));
  add_number(*undo, options);
  undo->add_flag("--preview", options.preview, "Say what would happen, and change nothing");
  undo->add_flag("--skip-conflicts", options.skip_conflicts,
                 "Leave rows as they are that somebody has changed since");
  add_proof(*undo, options.who);
}

}  // namespace sluice::cli
