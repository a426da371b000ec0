#include "sql/harmless_text.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "sql/function_risk.h"

namespace sluice::sql {
namespace {

constexpr std::string_view kOperatorCharacters = "+-*/<>=~!@#%^&|`?";

bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool harmless_function(const catalog::Catalog& catalog, std::string_view name) {
  if (risk_of("pg_catalog", name) != FunctionRisk::kNone) return false;
  const auto found = catalog.functions(catalog.definition_path(), {}, name);
  // COALESCE and its like are no functions; another name that is unknown may be anything.
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  if (found.empty() && std::any_of(name.begin(), name.end(), lower)) return false;
  return std::all_of(found.begin(), found.end(), [](const auto* one) { return one->system(); });
}

}  // namespace

bool harmless_expression(const catalog::Catalog& catalog, std::string_view text) {
  if (text.empty() || text.find_first_of("\"\\$") != std::string_view::npos) return false;
  const auto past = [&](size_t at, auto belongs) {
    while (at < text.size() && belongs(text[at])) ++at;
    return at;
  };
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '\'') {
      at = text.find('\'', at + 1);
      if (at == std::string_view::npos) return false;
      ++at;
    } else if (in_word(c)) {
      const size_t end = past(at, in_word);
      const bool number = std::isdigit(static_cast<unsigned char>(c)) != 0;
      const bool dotted = end < text.size() && text[end] == '.';
      if (dotted && !number) return false;
      const bool called = end < text.size() && text[end] == '(';
      if (called && !harmless_function(catalog, text.substr(at, end - at))) return false;
      at = end;
    } else if (kOperatorCharacters.find(c) != std::string_view::npos) {
      const size_t end = past(
          at, [](char one) { return kOperatorCharacters.find(one) != std::string_view::npos; });
      const std::string_view name = text.substr(at, end - at);
      const auto& users = catalog.operators();
      if (std::any_of(users.begin(), users.end(),
                      [&](const auto& op) { return op.name == name; })) {
        return false;
      }
      at = end;
    } else {
      // A cast may call what users made.
      if (c == ':' && catalog.types_call()) return false;
      ++at;
    }
  }
  return true;
}

bool calls_of_users(const catalog::Catalog& catalog, std::string_view text) {
  for (size_t open = text.find('('); open != std::string_view::npos;
       open = text.find('(', open + 1)) {
    size_t begin = open;
    while (begin > 0 && in_word(text[begin - 1])) --begin;
    const std::string_view name = text.substr(begin, open - begin);
    const bool qualified = begin > 0 && (text[begin - 1] == '.' || text[begin - 1] == '"');
    if (name == "OPERATOR" || (qualified && !name.empty()) ||
        (begin == open && begin > 0 && text[begin - 1] == '"')) {
      return true;
    }
    const auto found = catalog.functions(catalog.definition_path(), {}, name);
    if (std::any_of(found.begin(), found.end(), [](const auto* one) { return !one->system(); })) {
      return true;
    }
  }
  return false;
}

}  // namespace sluice::sql
