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

}  // namespace

void add_provenance_commands(CommandTree& tree) {
  auto& options = tree.keep<ProvenanceOptions>();
  auto* group = tree.group("provenance", "Receipts for data that left to train a model");
  add_verify(tree, *group, options);
}

}  // namespace sluice::cli
