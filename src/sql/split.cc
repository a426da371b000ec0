#include "sql/split.h"

#include <algorithm>

#include "sql/node.h"
#include "sql/tree.h"

namespace sluice::sql {

std::vector<std::string_view> split_statements(std::string_view text) {
  std::vector<std::string_view> statements;
  std::string why;
  const auto read = [&](const Node& root) {
    for_each(root, "stmts", [&](const Node& statement) {
      // Places are in bytes; the first begins at 0, and the last, without a length, ends the text.
      uint64_t begin = 0;
      uint64_t length = 0;
      if (const auto place = field(statement, "stmt_location")) (void)place->get(begin);
      if (const auto bytes = field(statement, "stmt_len")) (void)bytes->get(length);
      if (begin >= text.size()) return;
      statements.push_back(text.substr(begin, length == 0 ? std::string_view::npos : length));
    });
    return true;
  };
  if (!with_tree(std::string(text), why, nullptr, read)) statements.clear();
  return statements;
}

}  // namespace sluice::sql
