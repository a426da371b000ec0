#include "cli/tree/command_tree.h"

namespace sluice::cli {
namespace {

CLI::App* since(PolicyOptions& policy, CLI::App* sub) {
  sub->add_option("--since", policy.since, "1h, 2d or 2026-11-24T09:30:00Z")->type_name("TIME");
  sub->add_option("--until", policy.until, "The same")->type_name("TIME");
  return sub;
}

void with_policy(CLI::App* sub, PolicyOptions& policy) {
  sub->add_option("--policy", policy.policy,
                  "Policy file or shipped profile (default: the one in force)")
      ->type_name("FILE");
}

void expecting(CLI::App* sub, PolicyOptions& policy) {
  sub->add_option("--expect", policy.expect,
                  "Only while this is the latest version's number; 0: none yet")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
}

void add_policy_store(CommandTree& tree, CLI::App& policies, PolicyOptions& policy) {
  auto* save =
      tree.add(policies, "save", "Keep a policy in the store and put it in force",
               "sluice policy save policy.yaml --comment 'agents only read'\n  sluice policy "
               "save policy.yaml --expect 3\n\nOnly where the configuration names no policy. "
               "Exit code 4: somebody else has saved one.",
               [&] { return policy_save(tree.common(), policy); });
  save->add_option("file", policy.file, "Policy file, or a shipped profile")->required();
  save->add_option("--comment", policy.comment, "Why, for the history")->type_name("TEXT");
  save->add_flag("--offline", policy.offline,
                 "Straight into the store, where the gateway does not start");
  expecting(save, policy);
  tree.listing(tree.add(policies, "history", "List the versions in the store, newest first",
                        "sluice policy history --limit 10",
                        [&] { return policy_history(tree.common()); }));
  auto* rollback =
      tree.add(policies, "rollback", "Save an old version's text as a new one and put it in force",
               "sluice policy rollback 2", [&] { return policy_rollback(tree.common(), policy); });
  rollback->add_option("number", policy.number, "From: sluice policy history")
      ->required()
      ->type_name("N");
  expecting(rollback, policy);
}

}  // namespace

void add_policy_commands(CommandTree& tree) {
  auto& policy = tree.keep<PolicyOptions>();
  auto* policies = tree.group("policy", "Rules, and what they do");
  auto* show = tree.formatted(tree.add(*policies, "show",
                                       "Print the policy in force, or a version in the store",
                                       "sluice policy show\n  sluice policy show --version 3",
                                       [&] { return policy_show(tree.common(), policy); }));
  show->add_option("--version", policy.number, "From: sluice policy history")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  auto* check = tree.formatted(tree.add(
      *policies, "check", "Check a policy file, with every problem's line",
      "sluice policy check policy.yaml", [&] { return policy_check(tree.common(), policy); }));
  check->add_option("file", policy.file, "Policy file, or a shipped profile")->required();
  auto* explain = tree.formatted(tree.add(
      *policies, "explain", "Say what a statement does and why each rule matches it or not",
      "sluice policy explain --user alice --database orders 'DELETE FROM payments'\n\nThe "
      "statement is not run.",
      [&] { return policy_explain(tree.common(), policy); }));
  explain->add_option("--user", policy.user, "As whom")->required()->type_name("NAME");
  explain
      ->add_option("--acts-for", policy.acts_for, "The person for whom that user acts, as an agent")
      ->type_name("NAME");
  explain->add_option("--end-user", policy.end_user, "For whom that user acts, as a service")
      ->type_name("NAME");
  explain->add_option("--database", policy.database, "Where")->required()->type_name("NAME");
  explain->add_option("sql", policy.sql, "The statement")->required()->type_name("SQL");
  with_policy(explain, policy);
  auto* test = tree.formatted(tree.add(*policies, "test", "Run cases: who may do what",
                                       "sluice policy test cases.yaml --policy policy.yaml",
                                       [&] { return policy_test(tree.common(), policy); }));
  test->add_option("file", policy.file, "Cases (docs/policy.md)")->required();
  test->add_flag("--offline", policy.offline, "Without the running gateway: no catalog");
  with_policy(test, policy);
  auto* replay = since(
      policy,
      tree.formatted(tree.add(*policies, "replay", "Judge recorded statements by another policy",
                              "sluice policy replay --policy new.yaml --since 7d",
                              [&] { return policy_replay(tree.common(), policy); })));
  replay->add_option("--policy", policy.policy, "Policy file, or a shipped profile")
      ->required()
      ->type_name("FILE");
  replay->add_option("--user", policy.user, "Only of this user")->type_name("NAME");
  replay->add_option("--database", policy.database, "Only there")->type_name("NAME");
  replay->add_option("--limit", policy.limit, "The newest of them (default: 100000)")
      ->type_name("NUMBER")
      ->check(whole_number());
  auto* shadow = since(
      policy, tree.formatted(tree.add(
                  *policies, "shadow", "What rules in shadow would have done, over the last 7 days",
                  "sluice policy shadow --since 7d\n  sluice policy shadow -o json",
                  [&] { return policy_shadow(tree.common(), policy); })));
  shadow->add_option("--user", policy.user, "Only of this user")->type_name("NAME");
  shadow->add_option("--database", policy.database, "Only there")->type_name("NAME");
  auto* diff = since(
      policy, tree.formatted(tree.add(
                  *policies, "diff", "Compare two policies, and with --since what changes for whom",
                  "sluice policy diff standard policy.yaml --since 7d",
                  [&] { return policy_diff(tree.common(), policy); })));
  diff->add_option("old", policy.file, "Policy file, or a shipped profile")->required();
  diff->add_option("new", policy.policy, "The same")->required();
  add_policy_store(tree, *policies, policy);
}

}  // namespace sluice::cli
