#include "sql/names.h"

#include <cctype>

namespace sluice::sql {

Name name_of_range(const Node& range_var) {
  return {text_field(range_var, "schemaname"), text_field(range_var, "relname")};
}

std::vector<std::string_view> strings_in(const Node& node, std::string_view list) {
  std::vector<std::string_view> parts;
  for_each(node, list, [&](const Node& part) {
    if (const auto text = field(part, "String")) parts.push_back(text_field(*text, "sval"));
  });
  return parts;
}

bool ends_in_star(const Node& reference) {
  bool star = false;
  for_each(reference, "fields",
           [&](const Node& part) { star = field(part, "A_Star").has_value(); });
  return star;
}

Name name_of_strings(const std::vector<std::string_view>& parts) {
  Name name;
  if (!parts.empty()) name.name = parts.back();
  if (parts.size() > 1) name.schema = parts[parts.size() - 2];
  return name;
}

Name name_in(const Node& node, std::string_view list) {
  return name_of_strings(strings_in(node, list));
}

std::string object_kind_of(std::string_view type) {
  if (type.starts_with("OBJECT_")) type.remove_prefix(7);
  if (type == "MATVIEW") return "materialized view";
  if (type == "TABCONSTRAINT") return "constraint";
  std::string out;
  for (const char c : type) {
    out.push_back(c == '_' ? ' ' : static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

bool string_literal(const Node& expression, std::string_view& out) {
  if (const auto cast = field(expression, "TypeCast")) {
    const auto argument = field(*cast, "arg");
    return argument && string_literal(*argument, out);
  }
  const auto constant = field(expression, "A_Const");
  const auto text = constant ? field(*constant, "sval") : std::nullopt;
  if (!text) return false;
  out = text_field(*text, "sval");
  return true;
}

std::vector<std::string> names_in_text(std::string_view text) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      if (quoted && i + 1 < text.size() && text[i + 1] == '"') {
        parts.back().push_back('"');
        ++i;
      } else {
        quoted = !quoted;
      }
    } else if (c == '.' && !quoted) {
      parts.emplace_back();
    } else if (quoted || !std::isspace(static_cast<unsigned char>(c))) {
      const bool ascii = (c & 0x80) == 0;
      parts.back().push_back(
          quoted || !ascii ? c : static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    }
  }
  if (parts.size() == 1 && parts[0].empty()) parts.clear();
  return parts;
}

}  // namespace sluice::sql
