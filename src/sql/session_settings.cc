// Settings: SET, RESET, set_config and what functions set for themselves.
#include <algorithm>
#include <cctype>

#include "sql/walker.h"

namespace sluice::sql {
namespace {

/// Names of settings are compared without case.
std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool is_role(std::string_view setting) {
  return setting == "role" || setting == "session_authorization";
}

/// RESET ROLE and its like lead back to the role that has logged in.
bool gives_back(const Node& body, std::string_view kind) {
  if (kind == "VAR_RESET" || kind == "VAR_SET_DEFAULT") return true;
  size_t values = 0;
  std::string_view value;
  for_each(body, "args", [&](const Node& argument) {
    ++values;
    if (!string_literal(argument, value)) value = {};
  });
  return values == 1 && value == "none" && text_field(body, "name") == "role";
}

/// A text that is what it says: a literal, at most called text. Other casts may shorten it.
bool plain_text(const Node& expression, std::string_view& out) {
  if (const auto cast = field(expression, "TypeCast")) {
    const auto argument = field(*cast, "arg");
    const auto type = field(*cast, "typeName");
    return argument && type && name_in(*type, "names").name == "text" && !field(*type, "typmods") &&
           !field(*type, "arrayBounds") && plain_text(*argument, out);
  }
  return field(expression, "A_Const") && string_literal(expression, out);
}

/// Whether it is the column pg_settings.name, where there is none but that relation.
bool is_name(const Node& expression) {
  const auto reference = field(expression, "ColumnRef");
  return reference && strings_in(*reference, "fields") == std::vector<std::string_view>{"name"};
}

}  // namespace

void Walker::note_setting(std::string_view name, size_t action) {
  if (context_.explained || context_.muted) return;
  if (name == "standard_conforming_strings" && (context_.reached || context_.collected != nullptr))
    fail("code that sets standard_conforming_strings cannot be read", "42501");
  // For all code of the text that follows.
  if (name == "standard_conforming_strings" || name == "*") strings_may_escape_ = true;
  if (name == "*") note_application({});
  Object object;
  object.name = name;
  object.reached = context_.reached;
  gather_.add_target(action, object, false);
}

/// What application_name is from then on; nothing: it cannot be told.
void Walker::note_application(std::optional<std::string_view> value) {
  if (context_.explained || context_.muted) return;
  // Shorter than NAMEDATALEN, of printable ASCII: as it is said.
  constexpr size_t kLongest = 63;
  const bool known =
      value && !context_.reached && context_.collected == nullptr && value->size() <= kLongest &&
      std::all_of(value->begin(), value->end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (known) {
    facts_.application.names.emplace_back(*value);
  } else {
    facts_.application.unknown = true;
  }
}

void Walker::note_setting(std::string_view name) {
  const bool role = is_role(name);
  // "*": which one cannot be known.
  if (name == "*") note_setting(name, shared_act(ActionKind::kRoleChange));
  note_setting(name, shared_act(role ? ActionKind::kRoleChange : ActionKind::kSessionSetting));
}

void Walker::set_elsewhere(const Node& body) {
  const std::string_view name = text_field(body, "name");
  if (!name.empty()) note_setting(lower(name));
}

void Walker::function_settings(const catalog::Function& function) {
  if (function.system()) return;
  std::string_view settings = function.settings;
  while (!settings.empty()) {
    const size_t end = settings.find('\n');
    const std::string_view line = settings.substr(0, end);
    settings.remove_prefix(end == std::string_view::npos ? settings.size() : end + 1);
    const size_t equals = line.find('=');
    // A value of several lines goes on here.
    if (equals == std::string_view::npos) continue;
    const std::string name = lower(line.substr(0, equals));
    if (name == "search_path") continue;
    const Within within(*this);
    context_.reached = true;
    note_setting(name);
    if (is_role(name)) resolver_.path_may_change();
  }
}

void Walker::resets_all() {
  if (context_.explained || context_.muted) return;
  const bool nested = context_.reached || context_.collected != nullptr;
  (nested ? facts_.resets_in_body : facts_.resets_settings) = true;
  note_application({});
}

void Walker::on_set_application(const Node& body) {
  std::string_view value;
  size_t values = 0;
  bool known = text_field(body, "kind") == "VAR_SET_VALUE";
  for_each(body, "args", [&](const Node& argument) {
    known = string_literal(argument, value) && known;
    ++values;
  });
  // It is the first thing that the text does.
  facts_.application.first = known && values == 1 && !bool_field(body, "is_local") &&
                             facts_.actions.size() == 1 && !context_.reached;
  note_application(known && values == 1 ? std::optional(value) : std::nullopt);
}

void Walker::on_set(const Node& body) {
  const std::string variable = lower(text_field(body, "name"));
  const bool role = is_role(variable);
  const std::string_view kind = text_field(body, "kind");
  const size_t action =
      act(role && !gives_back(body, kind) ? ActionKind::kRoleChange : ActionKind::kSessionSetting);
  if (!variable.empty()) note_setting(variable, action);
  facts_.may_change_settings = true;
  if (kind == "VAR_RESET_ALL") resets_all();
  if ((kind == "VAR_RESET" || kind == "VAR_SET_DEFAULT") && !bool_field(body, "is_local"))
    facts_.resets.push_back(variable);
  if (variable == "application_name") on_set_application(body);
  if (variable != "search_path") {
    if (kind == "VAR_RESET_ALL" || role) {
      resolver_.make_path_uncertain();
      resolver_.path_may_change();
    }
    return;
  }
  std::vector<std::string> schemas;
  bool known = kind == "VAR_SET_VALUE";
  for_each(body, "args", [&](const Node& argument) {
    std::string_view schema;
    known = known && string_literal(argument, schema) && schema != "$user";
    schemas.emplace_back(schema);
  });
  const bool nested = context_.reached || context_.collected != nullptr;
  if (nested || !known) resolver_.path_may_change();
  // In a body nobody knows whether it was run, or how often.
  if (known && !nested) {
    resolver_.use_path(resolver_.completed(schemas));
  } else {
    resolver_.make_path_uncertain();
  }
}

/// SHOW and current_setting of what holds a password read it. "all": each there is; "*": which one
/// cannot be known.
void Walker::note_shown(std::string_view setting) {
  const catalog::Catalog* catalog = resolver_.catalog();
  if (catalog == nullptr || catalog->secret_settings().empty()) return;
  const auto& secret = catalog->secret_settings();
  if (setting != "*" && setting != "all" &&
      std::find(secret.begin(), secret.end(), lower(setting)) == secret.end())
    return;
  // Not the view that the text may name besides, of which it may use plain columns alone.
  Object object;
  object.schema = "pg_catalog";
  object.name = "pg_settings";
  object.reached = true;
  note_read(object, nullptr);
}

void Walker::on_shown_setting(const CallShape& shape) {
  std::string_view variable;
  const catalog::Catalog* catalog = resolver_.catalog();
  if (catalog == nullptr || catalog->secret_settings().empty()) return;
  const bool known = shape.first_argument != nullptr && plain_text(*shape.first_argument, variable);
  looked_at_literal();
  note_shown(known ? variable : "*");
}

std::string_view Walker::looked_up_setting(const Node& select, const Level& level) {
  const auto where = field(select, "whereClause");
  const auto equation = where ? field(*where, "A_Expr") : std::nullopt;
  if (!equation || text_field(*equation, "kind") != "AEXPR_OP") return {};
  const Name equals = name_in(*equation, "name");
  const auto left = field(*equation, "lexpr"), right = field(*equation, "rexpr");
  std::string_view setting;
  if (equals.name != "=" || !foreign_equality(equals).empty() || !left || !is_name(*left) ||
      !right || !plain_text(*right, setting))
    return {};
  size_t relations = 0;
  bool settings = false;
  for_each(select, "fromClause", [&](const Node& item) {
    ++relations;
    const auto range = field(item, "RangeVar");
    settings = range && name_of_range(*range).name == "pg_settings";
  });
  if (relations != 1 || !settings || !of_catalog_alone(select, level)) return {};
  looked_at_literal();
  return setting;
}

void Walker::on_set_config(const CallShape& shape) {
  std::string_view variable;
  bool known = shape.first_argument != nullptr && plain_text(*shape.first_argument, variable);
  if (!known && shape.first_argument != nullptr && is_name(*shape.first_argument) &&
      !setting_.empty() && !context_.reached && context_.collected == nullptr) {
    variable = setting_;
    known = true;
  }
  facts_.may_change_settings = true;
  looked_at_literal();
  const std::string name = known ? lower(variable) : "*";
  if (name == "application_name") {
    std::string_view value;
    const bool told = shape.second_argument != nullptr && plain_text(*shape.second_argument, value);
    note_application(told ? std::optional(value) : std::nullopt);
  }
  if (!known || is_role(name) || name == "search_path") {
    resolver_.path_may_change();
    // The names of a statement are looked up before it runs, those of a body one by one.
    if (context_.reached || context_.collected != nullptr) resolver_.make_path_uncertain();
  }
  note_setting(name);
}

}  // namespace sluice::sql
