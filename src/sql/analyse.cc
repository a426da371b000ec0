#include "sql/analyse.h"

#include <algorithm>

#include "base/bytes.h"
#include "sql/lexer.h"
#include "sql/literals.h"
#include "sql/nesting.h"
#include "sql/parse_tree.h"
#include "sql/walker.h"

namespace sluice::sql {
namespace {

/// Deepest tree that is walked. PostgreSQL itself gives up not far above (max_stack_depth).
constexpr size_t kMaxJsonDepth = 8192;
/// Texts this short cannot nest deep enough to matter to an analyser's stack.
constexpr size_t kShort = 32 * 1024;
/// Bound for longer ones: libpg_query takes about 1.2 kB of stack a level, the stack is 256 MB.
constexpr size_t kMaxDepthBound = 20'000;

void refuse(StatementFacts& facts, std::string why, std::string_view sqlstate) {
  facts.unanalysable = std::move(why);
  facts.unanalysable_sqlstate = sqlstate;
  facts.depends_on_literals = true;
}

/// Whether reading the text with standard_conforming_strings off could differ from reading it with
/// on: up to the first backslash in an ordinary string both readings are the same.
bool has_backslash_in_string(std::string_view text) {
  if (text.find('\\') == std::string_view::npos) return false;
  Lexer lexer(text);
  for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
    if (token.kind == TokenKind::kString && token.text.find('\\') != std::string_view::npos)
      return true;
  }
  return false;
}

/// What can be said without parsing; empty if nothing speaks against it.
bool readable(std::string_view text, const Settings& settings, StatementFacts& facts) {
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
  if (text.find('\0') != std::string_view::npos) {
    refuse(facts, "the text contains a NUL byte", "22021");
  } else if (!ascii && settings.client_encoding != "UTF8" &&
             settings.client_encoding != "SQL_ASCII") {
    // The parser reads UTF-8; in some encodings a byte of a longer character looks like a quote.
    refuse(facts,
           "a statement with other than ASCII characters cannot be read in client_encoding " +
               settings.client_encoding + ": use UTF8, or a parameter",
           "0A000");
  } else if (!is_utf8(text)) {
    refuse(facts, "the text is not valid UTF-8", "22021");
  } else if (!settings.standard_conforming_strings && has_backslash_in_string(text)) {
    refuse(facts,
           "a backslash in an ordinary string means different things with "
           "standard_conforming_strings on and off: write E'…' or use a parameter",
           "0A000");
  } else if (text.size() > kShort && depth_bound(text) > kMaxDepthBound) {
    refuse(facts, "the statement is nested too deeply to be analysed", "54001");
  }
  return facts.unanalysable.empty();
}

/// What the walker has left is where a constant stands: texts that differ in nothing but these
/// share their facts, so that only its number is the same in all of them.
void number_literals(std::string_view text, bool plain_strings,
                     std::vector<ComparedConstant>& compared) {
  if (compared.empty()) return;
  const auto all = plain_strings ? literals(text) : std::vector<Literal>();
  std::erase_if(compared, [&](ComparedConstant& one) {
    if (one.parameter != 0) return false;
    const auto found = std::find_if(all.begin(), all.end(), [&](const Literal& literal) {
      return literal.begin == one.literal;
    });
    one.literal = static_cast<uint32_t>(found - all.begin()) + 1;
    return found == all.end();
  });
}

}  // namespace

bool with_tree(const std::string& text, std::string& why, int* position,
               const std::function<bool(const Node&)>& use) {
  const ParseTree tree = parse_sql(text);
  if (!tree.error.empty()) {
    why = tree.error;
    if (position != nullptr) *position = tree.error_position;
    return false;
  }
  simdjson::dom::parser parser;
  if (parser.allocate(tree.json.size(), kMaxJsonDepth) != simdjson::SUCCESS) {
    why = "too large";
    return false;
  }
  Node root;
  if (parser.parse(tree.json).get(root) != simdjson::SUCCESS) {
    why = "the statement is nested too deeply to be analysed";
    return false;
  }
  return use(root);
}

std::shared_ptr<const StatementFacts> analyse(std::string_view text, const Settings& settings,
                                              const Scope& scope) {
  auto facts = std::make_shared<StatementFacts>();
  if (!readable(text, settings, *facts)) return facts;
  std::string why;
  Walker walker(*facts, scope, settings.parameter_types, text.size());
  if (!settings.standard_conforming_strings) walker.strings_may_escape();
  const bool known =
      with_tree(std::string(text), why, &facts->error_position, [&](const Node& root) {
        walker.add_text(root);
        if (text.find('$') != std::string_view::npos) facts->parameters = highest_parameter(root);
        return true;
      });
  walker.finish();
  number_literals(text, settings.standard_conforming_strings, facts->compared);
  if (!known) {
    const bool deep = why.find("nested too deeply") != std::string::npos ||
                      why.find("memory exhausted") != std::string::npos;
    refuse(*facts, why, deep ? "54001" : "42601");
  }
  return facts;
}

namespace {

size_t weight_of(const std::string& text) {
  constexpr size_t kInPlace = 15;
  return text.capacity() > kInPlace ? text.capacity() + 1 : 0;
}

size_t weight_of(const std::vector<Source>& sources) {
  size_t total = sources.capacity() * sizeof(Source);
  for (const Source& source : sources) {
    total += source.functions.capacity() * sizeof(std::string);
    for (const std::string& function : source.functions) total += weight_of(function);
  }
  return total;
}

size_t weight_of(const StatementResult& result) {
  size_t total = sizeof result + weight_of(result.executes) + weight_of(result.fetches) +
                 weight_of(result.declares) + weight_of(result.prepares);
  for (const OutputColumn& column : result.columns) {
    total += sizeof column + weight_of(column.name) + weight_of(column.sources);
  }
  if (result.copy) {
    total += weight_of(result.copy->format) + weight_of(result.copy->null_text) +
             weight_of(result.copy->encoding);
    for (const std::string& name : result.copy->force_quote) total += sizeof name + weight_of(name);
  }
  return total;
}

}  // namespace

const std::vector<OutputColumn>& StatementFacts::last_output() const {
  static const std::vector<OutputColumn> kNone;
  static const std::vector<OutputColumn> kUnknown = {{"*", {}, true}};
  for (auto result = results.rbegin(); result != results.rend(); ++result) {
    if (!result->columns.empty()) return result->columns;
    if (result->unknown_columns) return kUnknown;
  }
  return kNone;
}

size_t StatementFacts::weight() const {
  size_t total = sizeof *this + weight_of(kind) + weight_of(unanalysable);
  for (const Action& action : actions) {
    total += sizeof action + weight_of(action.object_kind);
    for (const Object& target : action.targets) {
      total += sizeof target + weight_of(target.schema) + weight_of(target.name);
    }
  }
  for (const auto& table : tables) total += sizeof table + weight_of(table);
  for (const StatementResult& result : results) total += weight_of(result);
  total += columns.capacity() * sizeof(UsedColumn);
  for (const auto& one : computed) total += sizeof one + weight_of(one.second);
  for (const auto& column : written) total += sizeof column + weight_of(column.sources);
  for (const auto* uses : {&functions, &plain_functions}) {
    for (const auto& use : *uses) total += sizeof use + weight_of(use.schema) + weight_of(use.name);
  }
  for (const auto& use : prepared) total += sizeof use + weight_of(use.name);
  for (const auto& name : dynamic_in) total += sizeof name + weight_of(name);
  total += compared.capacity() * sizeof(ComparedConstant);
  for (const auto& name : cursors) total += sizeof name + weight_of(name);
  return total + transaction.capacity();
}

}  // namespace sluice::sql
