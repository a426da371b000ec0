#include "sql/schema_diff.h"

#include "base/bytes.h"
#include "sql/lexer.h"
#include "sql/lint_column.h"
#include "sql/lint_script.h"

namespace sluice::sql {
namespace {

constexpr size_t kMostLines = 200;
constexpr size_t kLongestLine = 300;

/// One that people know from \d: "total integer NOT NULL DEFAULT 0".
std::string definition_of(const catalog::Column& column) {
  std::string out = quote_ident(column.name) + " " + column.type_name;
  if (column.not_null) out += " NOT NULL";
  if (column.generated) return out + " GENERATED ALWAYS AS (" + column.default_text + ") STORED";
  if (column.identity) return out + " GENERATED AS IDENTITY";
  if (column.has_default) out += " DEFAULT " + column.default_text;
  return out;
}

class Differ {
 public:
  explicit Differ(const LintScript& script) : script_(script) {}

  std::vector<std::string> take() { return std::move(lines_); }

  void statement() {
    const auto node = script_.statement().node;
    if (node == "AlterTableStmt") {
      alter_table();
    } else if (node == "CreateStmt") {
      create_table();
    } else if (node == "DropStmt") {
      drop();
    } else if (node == "RenameStmt") {
      rename();
    } else if (node == "IndexStmt" || node == "ViewStmt" || node == "CreateTableAsStmt" ||
               (node.starts_with("Create") && node != "CreateStmt")) {
      line("+ ", script_.statement().text);
    } else if (node.starts_with("Alter") || node == "GrantStmt" || node == "TruncateStmt" ||
               node == "DropOwnedStmt" || node == "DoStmt" || node == "CallStmt") {
      line("~ ", script_.statement().text);
    }
  }

 private:
  void line(std::string_view sign, std::string_view text) {
    if (lines_.size() == kMostLines) {
      lines_.emplace_back("…");
    } else if (lines_.size() < kMostLines) {
      std::string out(sign);
      for (const char c : utf8_prefix(text, kLongestLine)) out += c == '\n' || c == '\t' ? ' ' : c;
      lines_.push_back(text.size() > kLongestLine ? out + "…" : out);
    }
  }

  static const catalog::Column* column(const LintTable& table, std::string_view name) {
    return table.relation == nullptr ? nullptr : table.relation->column(name);
  }

  /// What was there of a column; what is not known is named all the same.
  void minus(const LintTable& table, std::string_view name) {
    const auto* known = column(table, name);
    line("-   ", known != nullptr ? definition_of(*known) : quote_ident(name));
  }

  void alter_table() {
    const LintTable table = script_.target();
    line("  ", "table " + table.display());
    for (const AlterCommand& command : script_.commands()) {
      if (command.subtype == "AT_AddColumn") {
        add_column(command);
      } else if (command.subtype == "AT_DropColumn") {
        minus(table, command.name);
      } else if (!changed_column(table, command)) {
        constraint(table, command);
      }
    }
  }

  void add_column(const AlterCommand& command) {
    const auto definition = field(command.node, "def");
    const auto node = definition ? field(*definition, "ColumnDef") : std::nullopt;
    if (!node) {
      line("~   ", command.text);
      return;
    }
    const LintColumn added = column_of(*node, script_.text());
    std::string text = added.bare();
    for (const auto& part : added.parts) text += " " + part.sql;
    line("+   ", text);
  }

  /// A column that stays and is another one from then on.
  bool changed_column(const LintTable& table, const AlterCommand& command) {
    const auto* known = column(table, command.name);
    if (known == nullptr) return false;
    catalog::Column after = *known;
    if (command.subtype == "AT_SetNotNull") {
      after.not_null = true;
    } else if (command.subtype == "AT_DropNotNull") {
      after.not_null = false;
    } else if (command.subtype == "AT_AlterColumnType") {
      const auto definition = field(command.node, "def");
      const auto node = definition ? field(*definition, "ColumnDef") : std::nullopt;
      if (!node) return false;
      const std::string type = written_type(command.text);
      if (type.empty()) return false;
      after.type_name = type;
    } else {
      return false;
    }
    line("-   ", definition_of(*known));
    line("+   ", definition_of(after));
    return true;
  }

  /// "ALTER a TYPE bigint USING …": what stands behind TYPE.
  static std::string written_type(std::string_view command) {
    Lexer lexer(command);
    Token token = lexer.next();
    while (token.kind != TokenKind::kEnd && !is_word(token, "type")) token = lexer.next();
    const Token first = lexer.next();
    if (first.kind == TokenKind::kEnd) return {};
    Token next = first;
    while (next.kind != TokenKind::kEnd && !is_word(next, "using")) next = lexer.next();
    const char* const end =
        next.kind == TokenKind::kEnd ? command.data() + command.size() : next.text.data();
    return std::string(core_of({first.text.data(), static_cast<size_t>(end - first.text.data())}));
  }

  void constraint(const LintTable& table, const AlterCommand& command) {
    if (command.subtype == "AT_AddConstraint") {
      line("+   ", core_of(without_word(command.text, "add")));
      return;
    }
    if (command.subtype == "AT_DropConstraint" && table.relation != nullptr) {
      for (const auto& known : table.relation->constraints) {
        if (known.name != command.name) continue;
        line("-   ", "CONSTRAINT " + quote_ident(known.name) + " " + known.definition);
        return;
      }
    }
    line("~   ", command.text);
  }

  void create_table() {
    const LintTable table = script_.target();
    line("+ ", "table " + table.display());
    for_each(script_.statement().body, "tableElts", [&](const Node& element) {
      if (const auto node = field(element, "ColumnDef")) {
        const LintColumn made = column_of(*node, script_.text());
        std::string text = made.bare();
        for (const auto& part : made.parts) text += " " + part.sql;
        line("+   ", text);
      } else if (const auto made = field(element, "Constraint")) {
        const int64_t at = number_field(*made, "location", -1);
        if (at >= 0) line("+   ", core_of(piece_at(script_.text(), static_cast<size_t>(at))));
      }
    });
  }

  void drop() {
    const Node& body = script_.statement().body;
    const auto type = text_field(body, "removeType");
    if (type != "OBJECT_TABLE") {
      line("- ", core_of(without_word(script_.statement().text, "drop")));
      return;
    }
    for_each(body, "objects", [&](const Node& wrapper) {
      const auto list = field(wrapper, "List");
      const auto parts = list ? names_in(*list, "items") : std::vector<std::string>{};
      if (parts.empty()) return;
      const auto table =
          script_.table(parts.size() > 1 ? parts[parts.size() - 2] : "", parts.back());
      line("- ", "table " + table.display());
      if (table.relation == nullptr) return;
      for (const auto& gone : table.relation->columns) line("-   ", definition_of(gone));
    });
  }

  void rename() {
    const Node& body = script_.statement().body;
    const LintTable table = script_.target();
    const auto type = text_field(body, "renameType");
    const auto fresh = text_field(body, "newname");
    if (type == "OBJECT_COLUMN" && !table.name.empty()) {
      line("  ", "table " + table.display());
      const auto old = text_field(body, "subname");
      minus(table, old);
      const auto* known = column(table, old);
      catalog::Column after = known != nullptr ? *known : catalog::Column{};
      after.name = fresh;
      line("+   ", known != nullptr ? definition_of(after) : quote_ident(fresh));
    } else if (type == "OBJECT_TABLE" && !table.name.empty()) {
      line("- ", "table " + table.display());
      line("+ ", "table " + table.schema + "." + std::string(fresh));
    } else {
      line("~ ", script_.statement().text);
    }
  }

  const LintScript& script_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> schema_diff(std::string_view text, const Scope& scope) {
  LintScript script(text, scope);
  Differ differ(script);
  std::string why;
  (void)walk_script(script, why, nullptr, [&] { differ.statement(); });
  return differ.take();
}

}  // namespace sluice::sql
