#include "cli/tree/command_tree.h"
#include "privacy/classes.h"

namespace sluice::cli {
namespace {

std::string class_names() {
  std::string out;
  size_t line = 0;
  for (const auto& each : privacy::classes()) {
    if (line + each.name.size() > 90) {
      out += "\n  ";
      line = 0;
    }
    out += std::string(each.name) + " ";
    line += each.name.size() + 1;
  }
  return out;
}

}  // namespace

void add_data_commands(CommandTree& tree) {
  auto& options = tree.keep<DataOptions>();
  auto* data = tree.group("data", "What columns hold, and what is masked");
  auto* list = tree.listing(
      tree.add(*data, "list", "List the columns that hold something sensitive",
               "sluice data list orders\n  sluice data list --class email -o csv --limit 100000\n  "
               "sluice data list orders --all",
               [&] { return data_list(tree.common(), options); }));
  list->add_option("database", options.name, "Only this database");
  list->add_option("--class", options.cls, "Only of this class")->type_name("NAME");
  list->add_flag("--all", options.all, "Also columns that hold nothing sensitive");
  auto* explain =
      tree.formatted(tree.add(*data, "explain", "Say why columns are taken for what they are",
                              "sluice data explain orders.public.users\n  sluice data explain "
                              "orders.public.users.nick",
                              [&] { return data_explain(tree.common(), options); }));
  explain->add_option("name", options.name, "DATABASE.SCHEMA.TABLE or a column of it")->required();
  auto* set = tree.add(
      *data, "set", "Say what a column holds, from the next statement on",
      "sluice data set orders.public.users.nick class=none --comment 'made up by us'\n  "
      "sluice data set orders.public.users.nick class=auto\n\nauto takes back what was said, "
      "none shows the column. Classes:\n  " +
          class_names(),
      [&] { return data_set(tree.common(), options); });
  set->add_option("column", options.name, "DATABASE.SCHEMA.TABLE.COLUMN")->required();
  set->add_option("class", options.word, "class=NAME")->required();
  set->add_option("--comment", options.comment, "Why, for the history")->type_name("TEXT");
  tree.listing(tree.add(*data, "history", "List what people said, newest first",
                        "sluice data history --limit 10",
                        [&] { return data_history(tree.common()); }));
}

}  // namespace sluice::cli
