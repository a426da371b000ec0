#include "cli/provenance_commands.h"
#include "cli/tree/command_tree.h"

namespace sluice::cli {
namespace {

void add_verify(CommandTree& tree, CLI::App& group, ProvenanceOptions& options) {
  auto* verify = tree.formatted(
      tree.add(group, "verify", "Check a receipt, and that data are the rows it is for",
               "sluice provenance verify receipt.json --key log.pub\n  sluice provenance verify "
               "receipt.json --key log.pub --rows churn.csv\n  sluice provenance verify "
               "receipt.json --key log.pub --rows rows.txt --rows-format text\n\nNeeds no gateway "
               "and no configuration. Exit code 1: it is not what it says.",
               [&] { return provenance_verify(tree.common(), options); }));
  verify->add_option("file", options.file, "The envelope; - for standard input")->required();
  verify
      ->add_option("--key,--public-key", options.keys,
                   "From: sluice audit key; it, or its file; may be repeated")
      ->required()
      ->type_name("KEY");
  verify->add_option("--rows", options.rows, "The data, as COPY writes them")->type_name("FILE");
  verify
      ->add_option("--rows-format", options.format,
                   "How they are written: text, csv or binary (default: as they left)")
      ->check(CLI::IsMember({"text", "csv", "binary"}));
  verify->add_option("--delimiter", options.delimiter, "Between fields")->type_name("CHARACTER");
  verify->add_option("--null", options.null_text, "What stands for NULL")->type_name("TEXT");
  verify->add_flag("--header", options.header, "The first line names the columns");
}

void add_times(CLI::App& sub, ProvenanceOptions& options) {
  sub.add_option("--since", options.since, "1h, 2d or 2026-11-24T09:30:00Z")->type_name("TIME");
  sub.add_option("--until", options.until, "The same")->type_name("TIME");
}

void add_reading(CommandTree& tree, CLI::App& group, ProvenanceOptions& options) {
  auto* list = tree.listing(tree.add(group, "list", "List what has left for training",
                                     "sluice provenance list --since 30d\n  sluice provenance "
                                     "list --dataset churn-2026-11 -o json",
                                     [&] { return provenance_list(tree.common(), options); }));
  list->add_option("--dataset", options.dataset, "Only this data set")->type_name("NAME");
  list->add_option("--model", options.model, "Only for this model")->type_name("NAME");
  list->add_option("--user", options.user, "Only by this user")->type_name("NAME");
  list->add_option("--database", options.database, "Only from there")->type_name("NAME");
  add_times(*list, options);
  auto* show = tree.formatted(tree.add(group, "show", "Print what a receipt says",
                                       "sluice provenance show 5e0c2a1b9d774f10 -o json",
                                       [&] { return provenance_show(tree.common(), options); }));
  show->add_option("id", options.id, "From: sluice provenance list")->required();
  show->add_flag("--openlineage", options.openlineage, "As an OpenLineage RunEvent");
  auto* out = tree.add(group, "export", "Print the signed receipt, for others to check",
                       "sluice provenance export 5e0c2a1b9d774f10 > receipt.json",
                       [&] { return provenance_export(tree.common(), options); });
  out->add_option("id", options.id, "From: sluice provenance list")->required();
}

void add_questions(CommandTree& tree, CLI::App& group, ProvenanceOptions& options) {
  auto* contains = tree.formatted(
      tree.add(group, "contains", "Say whether a data set holds somebody's values",
               "sluice provenance contains churn-2026-11 alice@example.com '+49 30 5550123'",
               [&] { return provenance_contains(tree.common(), options); }));
  contains->add_option("dataset", options.id, "A data set, or the id of one receipt")->required();
  contains->add_option("value", options.values, "E-mails, numbers, names, … of one person")
      ->required();
  auto* affected = tree.formatted(
      tree.add(group, "affected", "List the data sets that hold somebody's values",
               "sluice provenance affected alice@example.com '+49 30 5550123' -o json\n\nWhat it "
               "lists has to be made anew once these values are erased.",
               [&] { return provenance_affected(tree.common(), options); }));
  affected->add_option("value", options.values, "E-mails, numbers, names, … of one person")
      ->required();
  add_times(*affected, options);
}

}  // namespace

void add_provenance_commands(CommandTree& tree) {
  auto& options = tree.keep<ProvenanceOptions>();
  auto* group = tree.group("provenance", "Receipts for data that left to train a model");
  add_reading(tree, *group, options);
  add_verify(tree, *group, options);
  add_questions(tree, *group, options);
}

}  // namespace sluice::cli
