#include "cli/tree/command_tree.h"

namespace sluice::cli {
namespace {

/// Who acts has to say who they are.
void add_proof(CLI::App* sub, ApprovalOptions& options) {
  sub->add_option("--user", options.user,
                  "Who says so, with their password (default: who has logged in with sluice "
                  "login, or the credential in SLUICE_TOKEN)")
      ->type_name("NAME");
  sub->add_flag("--password-stdin", options.password_stdin,
                "Read the password from standard input");
  sub->add_option("--totp", options.totp, "The one-time code, where codes are set up")
      ->type_name("CODE");
}

void add_actor(CLI::App* sub, ApprovalOptions& options) {
  sub->add_option("number", options.number, "From: sluice approval list")->required();
  add_proof(sub, options);
}

/// Votes in the hands of others.
void add_delegations(CommandTree& tree, CLI::App& approvals, ApprovalOptions& options) {
  auto* give = tree.formatted(tree.add(
      approvals, "delegate", "Let somebody else give your vote for a while",
      "sluice approval delegate --to erin --until 2026-12-01T09:00:00Z --reason 'on holiday'",
      [&] { return approval_delegate(tree.common(), options); }));
  give->add_option("--to", options.to, "Who may give it")->type_name("NAME")->required();
  give->add_option("--until", options.until, "A time, or how long: 3d")
      ->type_name("TIME")
      ->required();
  give->add_option("--from", options.from, "A time, or how long until it begins (default: now)")
      ->type_name("TIME");
  give->add_option("--reason", options.reason, "Why; goes on the record")->type_name("TEXT");
  add_proof(give, options);
  tree.formatted(tree.add(approvals, "delegations", "List whose vote somebody else may give",
                          "sluice approval delegations",
                          [&] { return approval_delegations(tree.common()); }));
  auto* end = tree.formatted(tree.add(
      approvals, "undelegate", "Take a delegation back; what was voted by it counts no more",
      "sluice approval undelegate 3", [&] { return approval_undelegate(tree.common(), options); }));
  end->add_option("number", options.number, "From: sluice approval delegations")->required();
  add_proof(end, options);
}

void add_decision(CommandTree& tree, CLI::App& approvals, ApprovalOptions& options,
                  const std::string& what, const std::string& help) {
  auto* sub = tree.formatted(tree.add(
      approvals, what, help, "sluice approval " + what + " 12 --user dora --comment 'checked'",
      [&, what] { return approval_act(tree.common(), options, what); }));
  add_actor(sub, options);
  sub->add_option("--comment", options.comment, "Why; goes on the record")->type_name("TEXT");
  if (what == "approve") {
    sub->add_option("--max-rows", options.max_rows, "For at most so many changed rows")
        ->type_name("N");
  }
  if (what == "approve" || what == "reject") {
    sub->add_option("--for", options.on_behalf, "Whose vote it is, who has delegated it to you")
        ->type_name("NAME");
  }
}

}  // namespace

void add_approval_commands(CommandTree& tree) {
  auto& options = tree.keep<ApprovalOptions>();
  auto* approvals = tree.group("approval", "Statements that wait for people");
  auto* list = tree.listing(tree.add(*approvals, "list", "List requests, newest first",
                                     "sluice approval list --state waiting",
                                     [&] { return approval_list(tree.common(), options); }));
  list->add_option("--state", options.state, "Only those")
      ->check(CLI::IsMember({"waiting", "approved", "rejected", "expired", "withdrawn", "used"}));
  list->add_option("--requester", options.requester, "Only of this user")->type_name("NAME");
  auto* show = tree.formatted(
      tree.add(*approvals, "show", "Show what would run, what it does and who asks",
               "sluice approval show 12", [&] { return approval_show(tree.common(), options); }));
  show->add_option("number", options.number, "From: sluice approval list")->required();
  auto* explain = tree.formatted(tree.add(
      *approvals, "explain", "Say why it was approved automatically, or why not",
      "sluice approval explain 12", [&] { return approval_explain(tree.common(), options); }));
  explain->add_option("number", options.number, "From: sluice approval list")->required();
  add_decision(tree, *approvals, options, "approve", "Let it run, once, exactly as it was asked");
  add_decision(tree, *approvals, options, "reject", "Refuse it");
  add_decision(tree, *approvals, options, "comment", "Say something to it");
  add_decision(tree, *approvals, options, "withdraw", "Take back what you asked for");
  add_delegations(tree, *approvals, options);
  tree.listing(tree.add(*approvals, "kept", "List what can be undone of what has run",
                        "sluice approval kept", [&] { return approval_kept(tree.common()); }));
  auto* undo = tree.formatted(tree.add(
      *approvals, "undo", "Undo what ran under an approval, where it was undoable",
      "sluice approval undo 12 --preview", [&] { return approval_undo(tree.common(), options); }));
  add_actor(undo, options);
  undo->add_flag("--preview", options.preview, "Say what would happen, and change nothing");
  undo->add_flag("--skip-conflicts", options.skip_conflicts,
                 "Leave rows as they are that have changed since");
}

}  // namespace sluice::cli
