#include <limits>

#include "cli/tree/command_tree.h"

namespace sluice::cli {
namespace {

/// With every filter that searches have.
CLI::App* filtered(AuditOptions& options, CLI::App* sub) {
  for (const audit::Filter& filter : audit::filters()) {
    std::string flag = "--" + std::string(filter.name);
    std::replace(flag.begin(), flag.end(), '_', '-');
    auto* option = sub->add_option_function<std::string>(
        flag,
        [&options, &filter](const std::string& value) {
          options.filters.emplace_back(filter.name, value);
        },
        std::string(filter.about));
    option->type_name(std::string(filter.value));
    const std::vector<std::string> choices(filter.choices.begin(), filter.choices.end());
    if (!choices.empty()) option->check(CLI::IsMember(choices));
  }
  sub->add_option("--saved", options.saved, "Begin with a saved search")->type_name("NAME");
  return sub;
}

void add_who_saw(CommandTree& tree, CLI::App& audit) {
  auto& options = tree.keep<WhoSawOptions>();
  auto* who = tree.listing(
      tree.add(audit, "who-saw", "List who has received a value, when and through what",
               "sluice audit who-saw alice@example.com --since 90d\n  sluice audit "
               "who-saw '4111 1111 1111 1111' --masked-too -o csv",
               [&] { return audit_who_saw(tree.common(), options); }));
  who->add_option("value", options.value, "An e-mail, card, telephone number, id, name, …")
      ->required();
  who->add_flag("--masked-too", options.masked_too, "Also who received it masked");
  who->add_flag("--exact", options.exact, "Only as written: no other spellings of a phone number");
  who->add_option("--since", options.since, "1h, 2d or 2026-11-24T09:30:00Z")->type_name("TIME");
  who->add_option("--until", options.until, "The same")->type_name("TIME");
}

void add_subjects(CommandTree& tree, CLI::App& audit, AuditOptions& options) {
  filtered(
      options,
      tree.listing(tree.add(
          audit, "subjects", "Count the different sensitive values that people have seen, by day",
          "sluice audit subjects\n  sluice audit subjects --user alice --day 2026-11-27\n  "
          "sluice audit subjects --since 30d --class email -o json\n\nToday (UTC) where no "
          "time is given. subjects: different values that were shown as they are; exact: no, "
          "where it may be off a little (docs/audit.md).",
          [&] { return audit_subjects(tree.common(), options); })));
}

void add_history(CommandTree& tree, CLI::App& audit) {
  auto& h = tree.keep<HistoryOptions>();
  auto* past =
      tree.listing(tree.add(audit, "history", "List what changed a table, a column or a row",
                            "sluice audit history public.orders --where id=42\n  sluice audit "
                            "history orders --column status --since 7d\n  sluice audit history "
                            "--definitions --database orders\n\nrow: named, where the "
                            "statement has the value; else it may have changed that row too.",
                            [&] { return audit_history(tree.common(), h); }));
  past->add_option("table", h.table, "TABLE or SCHEMA.TABLE");
  past->add_flag("--definitions", h.definitions,
                 "Only what created, altered or dropped; TABLE may be left out");
  past->add_option("--database", h.database, "Only there")->type_name("NAME");
  past->add_option("--column", h.column, "Only what may have changed it")->type_name("NAME");
  past->add_option("--where", h.where, "A row")->type_name("COLUMN=VALUE");
  past->add_option("--since", h.since, "1h, 2d or 2026-11-24T09:30:00Z")->type_name("TIME");
  past->add_option("--until", h.until, "The same")->type_name("TIME");
}

void add_reconcile(CommandTree& tree, CLI::App& audit) {
  auto& options = tree.keep<ReconcileOptions>();
  auto* sub = tree.listing(tree.add(
      audit, "reconcile", "Compare what a server has committed with what was recorded",
      "sluice audit reconcile orders --create-slot\n  sluice audit reconcile orders\n  sluice "
      "audit reconcile orders --since 1h -o json\n\nNeeds stamp_writes: true for the database. "
      "Exit code 1: something was committed that no record explains.",
      [&] { return audit_reconcile(tree.common(), options); }));
  sub->add_option("database", options.database, "From: sluice database list")->required();
  sub->add_flag("--create-slot", options.create_slot,
                "Make the slot; what is committed from now on can be compared");
  sub->add_option("--slot", options.slot, "The replication slot (default: sluice_DATABASE)")
      ->type_name("NAME");
  sub->add_option("--since", options.since, "Only what was committed from then on; implies --keep")
      ->type_name("TIME");
  sub->add_flag("--keep", options.keep, "Leave the slot where it is, to compare the same again");
}

void add_people(CommandTree& tree, CLI::App& audit, AuditOptions& options) {
  add_who_saw(tree, audit);
  add_subjects(tree, audit, options);
  add_history(tree, audit);
  auto& id = tree.keep<uint64_t>();
  auto& results = tree.keep<bool>();
  auto* transcript = tree.formatted(
      tree.add(audit, "transcript", "Tell what happened in a session, with its timing",
               "sluice audit transcript 42\n  sluice audit transcript 42 --results",
               [&] { return audit_transcript(tree.common(), id, results); }));
  transcript->add_option("session", id, "Session id, from: sluice audit search")->required();
  transcript->add_flag("--results", results,
                       "With what statements returned, where a rule has it kept");
  auto& record = tree.keep<uint64_t>();
  auto* result = tree.listing(
      tree.add(audit, "result", "Show what a statement returned, where a rule has it kept",
               "sluice audit result 1234\n  sluice audit result 1234 -o csv\n\nThat somebody has "
               "looked is on the record.",
               [&] { return audit_result(tree.common(), record); }));
  result->add_option("id", record, "Its record, from: sluice audit search")->required();
}

void add_evidence(CommandTree& tree, CLI::App& audit, AuditOptions& options) {
  auto& e = tree.keep<EvidenceOptions>();
  auto* verify = tree.formatted(tree.add(
      audit, "verify", "Check that nothing was altered, dropped, moved or cut off",
      "sluice audit verify\n  sluice audit verify --log copy/of/audit --public-key key.pub "
      "--checkpoint kept-last-month\n  sluice audit verify --receipt r.tlog-proof "
      "--public-key key.pub\n\nExit code 1: something is wrong; it says what and where.",
      [&] { return audit_verify(tree.common(), e); }));
  verify->add_option("--log", e.log, "A folder with log/ and tlog/; needs no configuration")
      ->type_name("DIR");
  verify->add_option("--public-key", e.keys, "The key, or its file; may be repeated")
      ->type_name("KEY");
  verify->add_option("--checkpoint", e.checkpoints, "One that was kept elsewhere; may be repeated")
      ->type_name("FILE");
  verify->add_option("--record", e.id, "Only this record, with its proof")->type_name("ID");
  verify->add_option("--range", e.records, "Only these records")->type_name("FIRST-LAST");
  verify->add_option("--receipt", e.receipt, "Only this receipt; - for standard input")
      ->type_name("FILE");
  auto* receipt = tree.add(audit, "receipt", "Print a record with the proof that it is in the log",
                           "sluice audit receipt 1234 > 1234.tlog-proof",
                           [&] { return audit_receipt(tree.common(), e); });
  receipt->add_option("id", e.id, "From: sluice audit search")->required();
  auto* out = filtered(
      options,
      tree.add(audit, "export", "Write records as JSON lines, or with proofs into a folder",
               "sluice audit export --since 7d > week.jsonl\n  sluice audit export "
               "--user alice --proof for-the-auditor",
               [&] { return audit_export(tree.common(), options, e); }));
  out->add_option("--limit", tree.common().limit, "At most so many (default: all)")
      ->type_name("N")
      ->check(whole_number());
  // Evidence that stops somewhere looks whole.
  out->preparse_callback([&](size_t) { tree.common().limit = std::numeric_limits<size_t>::max(); });
  out->add_option("--proof", e.proof, "A new folder, with receipts and how to check them")
      ->type_name("DIR");
  auto* erase = tree.formatted(
      tree.add(audit, "erase", "Remove what records say, for good; their proofs stay valid",
               "sluice audit erase --records 17-30 --reason 'request 2026-118'",
               [&] { return audit_erase(tree.common(), e); }));
  erase->add_option("--records", e.records, "Which")->required()->type_name("FIRST-LAST");
  erase->add_option("--reason", e.reason, "Why; goes on the record")->required()->type_name("TEXT");
  auto* key = tree.formatted(tree.add(audit, "key", "Print the public key of the log",
                                      "sluice audit key > key.pub\n  sluice audit key --rotate",
                                      [&] { return audit_key(tree.common(), e); }));
  key->add_flag("--rotate", e.rotate, "Make a new key, which the old one signs in");
  key->add_flag("--witness", e.witness, "The key that cosigns other logs (audit.witness)");
}

void add_upkeep(CommandTree& tree, CLI::App& audit) {
  auto& options = tree.keep<AuditOptions>();
  auto& hold = tree.keep<HoldOptions>();
  auto& run = tree.keep<bool>();
  auto* holds = tree.group(audit, "hold", "Legal holds: records that nobody and no rule may erase");
  auto* add = filtered(
      options, tree.formatted(tree.add(
                   *holds, "add", "Keep the records that these filters say",
                   "sluice audit hold add case-17 --reason 'inquiry 17/2026' --user alice "
                   "--since 2026-01-01T00:00:00Z\n  sluice audit hold add all --reason audit",
                   [&] { return audit_hold_add(tree.common(), options, hold); })));
  add->add_option("name", hold.name, "What it is called")->required();
  add->add_option("--reason", hold.reason, "Why; goes on the record")
      ->required()
      ->type_name("TEXT");
  tree.listing(tree.add(*holds, "list", "List them", "sluice audit hold list",
                        [&] { return audit_hold_list(tree.common()); }));
  auto* release = tree.formatted(tree.add(*holds, "release", "Let go of one",
                                          "sluice audit hold release case-17 --reason closed",
                                          [&] { return audit_hold_release(tree.common(), hold); }));
  release->add_option("name", hold.name, "From: sluice audit hold list")->required();
  release->add_option("--reason", hold.reason, "Why; goes on the record")
      ->required()
      ->type_name("TEXT");
  auto* retention =
      tree.formatted(tree.add(audit, "retention", "What the rules of audit.retention would take",
                              "sluice audit retention\n  sluice audit retention --run",
                              [&] { return audit_retention(tree.common(), run); }));
  retention->add_flag("--run", run, "Erase it now, not within a day");
}

}  // namespace

void add_audit_commands(CommandTree& tree) {
  auto& options = tree.keep<AuditOptions>();
  auto& name = tree.keep<std::string>();
  auto& id = tree.keep<uint64_t>();
  auto& tail_limit = tree.keep<size_t>();
  auto* audit = tree.group("audit", "What happened");
  auto* search = filtered(
      options,
      tree.listing(tree.add(
          *audit, "search", "Find records, newest last",
          "sluice audit search --user alice --since 1h -o json\n  sluice audit search --words "
          "'customers email' --sort duration --limit 10\n  sluice audit search --decision denied "
          "--since 7d --count-by user,table --over 1d\n  sluice audit search --class email "
          "--save emails\n  sluice audit search --saved emails --since 1h",
          [&] { return audit_search(tree.common(), options); })));
  search
      ->add_option("--sort", options.order,
                   "newest (default), oldest, duration, rows, or any field: user, table, rule, …")
      ->type_name("FIELD");
  search->add_option("--cursor", options.cursor, "Go on where the last page ended")
      ->type_name("CURSOR");
  search
      ->add_option("--count-by", options.count_by,
                   "Count instead, by fields: user, table, class, decision, …")
      ->type_name("FIELD,…");
  search->add_option("--over", options.over, "Count instead, over spans of time: 1h, 1d")
      ->type_name("SPAN");
  search->add_option("--save", options.save, "Keep these filters under a name")->type_name("NAME");
  tree.listing(tree.add(*audit, "searches", "List saved searches", "sluice audit searches",
                        [&] { return audit_searches(tree.common()); }));
  auto* forget = tree.formatted(tree.add(*audit, "forget-search", "Remove a saved search",
                                         "sluice audit forget-search emails",
                                         [&] { return audit_forget_search(tree.common(), name); }));
  forget->add_option("name", name, "From: sluice audit searches")->required();
  auto* tail = filtered(
      options, tree.formatted(tree.add(*audit, "tail", "Follow records as they are written",
                                       "sluice audit tail --database orders", [&] {
                                         tree.common().limit = tail_limit;
                                         return audit_tail(tree.common(), options);
                                       })));
  tail->add_option("--limit", tail_limit, "Stop after so many (default: never)")
      ->type_name("N")
      ->check(whole_number());
  auto* show = tree.formatted(tree.add(*audit, "show", "Show one record whole",
                                       "sluice audit show 1234 -o json",
                                       [&] { return audit_show(tree.common(), id); }));
  show->add_option("id", id, "From: sluice audit search")->required();
  tree.formatted(tree.add(*audit, "streams", "How the streams of records are doing",
                          "sluice audit streams -o json",
                          [&] { return audit_streams(tree.common()); }));
  add_reconcile(tree, *audit);
  add_upkeep(tree, *audit);
  add_people(tree, *audit, options);
  add_evidence(tree, *audit, options);
}

}  // namespace sluice::cli
