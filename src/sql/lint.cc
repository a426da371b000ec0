#include "sql/lint.h"

#include <algorithm>
#include <iterator>
#include <list>

#include "base/bytes.h"
#include "sql/lint_flow.h"
#include "sql/lint_script.h"
#include "sql/lock_level.h"
#include "sql/nesting.h"
#include "sql/tree.h"

namespace sluice::sql {
namespace {

/// As analyse() bounds it: libpg_query's recursion must fit the stack.
constexpr size_t kShort = 32 * 1024;
constexpr size_t kMaxDepthBound = 20'000;

/// 1-based lines of byte offsets that grow, as those of a script's statements do: each line is
/// counted once.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  size_t at(size_t offset) {
    const size_t end = std::max(std::min(offset, text_.size()), counted_);
    const auto first = text_.begin() + static_cast<ptrdiff_t>(counted_);
    line_ +=
        static_cast<size_t>(std::count(first, text_.begin() + static_cast<ptrdiff_t>(end), '\n'));
    counted_ = end;
    return line_;
  }

 private:
  std::string_view text_;
  size_t counted_ = 0;
  size_t line_ = 1;
};

/// Byte offset of a 1-based character position.
size_t offset_of_character(std::string_view text, int position) {
  size_t offset = 0;
  for (int left = position; offset < text.size(); ++offset) {
    const bool starts = (static_cast<unsigned char>(text[offset]) & 0xC0) != 0x80;
    if (starts && --left <= 0) break;
  }
  return offset;
}

/// A raw statement of the tree, without blanks and comments before it.
std::string_view text_of(std::string_view script, const Node& raw) {
  const auto begin = static_cast<size_t>(number_field(raw, "stmt_location"));
  const auto length = static_cast<size_t>(number_field(raw, "stmt_len"));
  std::string_view text = script.substr(std::min(begin, script.size()));
  if (length > 0) text = text.substr(0, length);
  return core_of(text.substr(0, text.find_last_not_of("; \t\r\n") + 1));
}

void look_at(LintScript& script, LintFlow& flow) {
  const size_t first = script.findings.size();
  flow.before();
  lint_constraints(script);
  lint_columns(script);
  lint_indexes(script);
  lint_domains(script);
  lint_drops(script);
  lint_renames(script);
  lint_data(script);
  lint_storage(script);
  lint_partitions(script);
  flow.after(first);
}

/// Puts the findings from `tail` on, made at the script's end, where their statements are.
void put_in_order(std::vector<Finding>& findings, size_t tail) {
  const auto earlier = [](const Finding& a, const Finding& b) { return a.statement < b.statement; };
  const auto middle = findings.begin() + static_cast<ptrdiff_t>(tail);
  std::list<Finding> late(std::make_move_iterator(middle), std::make_move_iterator(findings.end()));
  late.sort(earlier);
  findings.resize(tail);
  std::vector<Finding> all;
  all.reserve(tail + late.size());
  std::merge(std::make_move_iterator(findings.begin()), std::make_move_iterator(findings.end()),
             std::make_move_iterator(late.begin()), std::make_move_iterator(late.end()),
             std::back_inserter(all), earlier);
  findings = std::move(all);
}

void look_at_all(LintScript& script, const Node& root, const std::function<void()>& look) {
  size_t number = 0;
  Lines lines(script.text());
  for_each(root, "stmts", [&](const Node& raw) {
    const auto wrapper = field(raw, "stmt");
    simdjson::dom::object object;
    if (!wrapper || wrapper->get(object) != simdjson::SUCCESS) return;
    const std::string_view text = text_of(script.text(), raw);
    ++number;
    for (const auto [name, body] : object) {
      const auto offset = static_cast<size_t>(text.data() - script.text().data());
      script.start(
          {number, lines.at(text.empty() ? 0 : offset), text, name, body, lock_of(name, body)});
      look();
    }
  });
}

std::vector<Finding> unparsable(std::string_view script, std::string why, int position) {
  LintScript place(script, {});
  LintStatement statement;
  statement.line = position > 0 ? Lines(script).at(offset_of_character(script, position)) : 1;
  place.start(statement);
  place.report("unparsable", {}, std::move(why));
  return std::move(place.findings);
}

}  // namespace

bool walk_script(LintScript& script, std::string& why, int* position,
                 const std::function<void()>& look) {
  const std::string_view text = script.text();
  if (text.find('\0') != std::string_view::npos || !is_utf8(text)) {
    why = "the script is not UTF-8 text";
    return false;
  }
  if (text.size() > kShort && depth_bound(text) > kMaxDepthBound) {
    why = "the script is nested too deeply to be read";
    return false;
  }
  return with_tree(std::string(text), why, position, [&](const Node& root) {
    look_at_all(script, root, look);
    return true;
  });
}

std::vector<Finding> lint(std::string_view text, const Scope& scope) {
  LintScript script(text, scope);
  LintFlow flow(script);
  std::string why;
  int position = 0;
  if (!walk_script(script, why, &position, [&] { look_at(script, flow); })) {
    if (text.find("\n\\") != std::string_view::npos || text.starts_with('\\')) {
      why += " (psql's backslash commands are not SQL: leave them out)";
    }
    return unparsable(text, std::move(why), position);
  }
  const size_t tail = script.findings.size();
  flow.finish();
  put_in_order(script.findings, tail);
  return std::move(script.findings);
}

}  // namespace sluice::sql
