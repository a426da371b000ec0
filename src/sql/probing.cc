// What conditions look into, and what is handed to functions that may keep it.
#include "sql/probing.h"

#include <algorithm>
#include <array>

#include "sql/function_risk.h"
#include "sql/walker.h"

namespace sluice::sql {
namespace {

template <size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Equality of what these make is equality of what they were made of.
constexpr std::array<std::string_view, 6> kTransparent = {"::text",   "::varchar", "::bpchar",
                                                          "::citext", "row",       "array"};

/// What these answer depends on nothing but whether the value is equal to another one, or is null;
/// of a boolean, on nothing but itself. So does all that is made of the answer.
constexpr std::array<std::string_view, 10> kEquality = {"=",  "<>",  "IN", "NOT IN", "IS NULL",
                                                        "IS", "AND", "OR", "NOT",    "count"};

constexpr std::array<std::string_view, 4> kSteps = {"->", "->>", "#>", "#>>"};

/// What lineage calls things that are no functions, and aggregates that tell of many rows: users'
/// own functions of such names are told apart by their schema.
constexpr std::array<std::string_view, 13> kOwnNames = {
    "row", "array", "nullif", "greatest", "least",   "xml",      "count",
    "sum", "avg",   "stddev", "variance", "var_pop", "generated"};

/// More constants than these in one comparison are a dictionary.
constexpr size_t kMostCompared = 16;

/// Functions whose rows are the parts of their argument.
constexpr std::array<std::string_view, 13> kTakingApart = {"unnest",
                                                           "json_array_elements",
                                                           "json_array_elements_text",
                                                           "jsonb_array_elements",
                                                           "jsonb_array_elements_text",
                                                           "json_each",
                                                           "json_each_text",
                                                           "jsonb_each",
                                                           "jsonb_each_text",
                                                           "json_object_keys",
                                                           "jsonb_object_keys",
                                                           "json_populate_recordset",
                                                           "jsonb_populate_recordset"};

/// Volatile only because they return something else every time.
constexpr std::array<std::string_view, 8> kChanging = {
    "random",          "random_normal", "gen_random_uuid",     "uuidv4",
    "clock_timestamp", "timeofday",     "statement_timestamp", "uuidv7"};

/// The innermost thing that is done to the value and hides anything of it; none: it is there whole.
const std::string* first_step(const Source& source) {
  const auto step =
      std::find_if(source.functions.rbegin(), source.functions.rend(),
                   [](const std::string& name) { return !is_one_of(kTransparent, name); });
  return step == source.functions.rend() ? nullptr : &*step;
}

/// Whether what a function is called with may become known to others than the caller.
bool keeps_arguments(const catalog::Function& function, FunctionRisk risk) {
  const bool harmless_risk = risk == FunctionRisk::kNone || risk == FunctionRisk::kSleep;
  // Only a superuser makes a function of C; what it is declared to be can be believed.
  const bool code = risk == FunctionRisk::kUnknown && function.language == "c" &&
                    function.volatility != 'v' &&
                    risk_of(function.schema, function.name) == FunctionRisk::kNone;
  if (!harmless_risk && !code) return true;
  return function.volatility == 'v' && !(function.system() && is_one_of(kChanging, function.name));
}

}  // namespace

bool looks_into(const Source& source) {
  if (!source.as_is && source.functions.empty()) return true;
  const std::string* step = first_step(source);
  return step != nullptr && !is_one_of(kEquality, *step);
}

bool tells(const Source& source) { return looks_into(source) || first_step(source) == nullptr; }

bool is_taken_apart(const Source& source) {
  if (!source.as_is && source.functions.empty()) return false;
  return std::all_of(source.functions.begin(), source.functions.end(), [](std::string_view name) {
    return is_one_of(kTransparent, name) || is_one_of(kSteps, name) || name == "::json" ||
           name == "::jsonb" || name == "[]" || name.starts_with(".");
  });
}

std::string Walker::called_name(const Name& name) {
  const bool plain = std::all_of(name.name.begin(), name.name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if ((plain && !is_one_of(kOwnNames, name.name)) || resolver_.catalog() == nullptr) {
    return std::string(name.name);
  }
  for (const catalog::Function* function : resolver_.functions(name)) {
    if (!function->system()) return function->schema + "." + function->name;
  }
  // One that is not there yet would be a user's.
  return plain ? std::string(name.name) : "." + std::string(name.name);
}

/// Constants and parameters, and what the server's own functions make of them, the same for all
/// rows.
bool Walker::is_plain(const Node& wrapper, size_t& left) {
  bool plain = false;
  unwrap(wrapper, [&](std::string_view kind, const Node& body) {
    if (kind == "A_Const" || kind == "Integer" || kind == "String" || kind == "Float" ||
        kind == "SQLValueFunction") {
      plain = left > 0 && left-- > 0;
    } else if (kind == "ParamRef") {
      // In a body it is an argument, of which there may be one for every row.
      plain = context_.arguments == 0 && left > 0 && left-- > 0;
    } else if (kind == "TypeCast" || kind == "CollateClause") {
      const auto inner = field(body, "arg");
      plain = inner && is_plain(*inner, left);
    } else if (kind == "A_Expr") {
      plain = true;
      for (const std::string_view side : {"lexpr", "rexpr"}) {
        const auto inner = field(body, side);
        plain = plain && (!inner || is_plain(*inner, left));
      }
    } else if (kind == "FuncCall") {
      const auto candidates = resolver_.functions(name_in(body, "funcname"));
      plain = !candidates.empty() && !field(body, "over") &&
              std::all_of(candidates.begin(), candidates.end(), [](const auto* function) {
                // What a setting says another part of the statement may have set.
                return function->system() && function->volatility != 'v' && function->kind == 'f' &&
                       function->name != "current_setting";
              });
      for_each(body, "args", [&](const Node& item) { plain = plain && is_plain(item, left); });
    } else if (kind == "List" || kind == "RowExpr" || kind == "A_ArrayExpr") {
      plain = true;
      const std::string_view list = kind == "List"      ? "items"
                                    : kind == "RowExpr" ? "args"
                                                        : "elements";
      for_each(body, list, [&](const Node& item) { plain = plain && is_plain(item, left); });
    }
  });
  return plain;
}

/// '…'::text and its like. Any other cast would take the value apart that takes the constant's
/// place, and type '…' is no place for a parameter.
bool leaves_as_it_is(const Node& cast) {
  const auto type = field(cast, "typeName");
  if (!type || field(*type, "typmods") || field(*type, "arrayBounds")) return false;
  const Name name = name_in(*type, "names");
  return number_field(cast, "location", 0) >= 0 &&
         (name.name == "text" || name.name == "varchar") &&
         (name.schema.empty() || name.schema == "pg_catalog");
}

/// In the text itself, and not in what it reaches or only explains.
void Walker::note_compared(ColumnRef column, const Node& wrapper) {
  const bool own = !context_.reached && !context_.explained && !context_.muted && !context_.owned &&
                   context_.function == nullptr && context_.depth == 0;
  if (!own || facts_.compared.size() >= kMostCompared) return;
  unwrap(wrapper, [&](std::string_view kind, const Node& body) {
    if (kind == "A_Const") {
      facts_.compared.push_back({column, static_cast<uint32_t>(number_field(body, "location")), 0});
    } else if (kind == "ParamRef") {
      facts_.compared.push_back({column, 0, static_cast<uint32_t>(number_field(body, "number"))});
    } else if (kind == "TypeCast" && leaves_as_it_is(body)) {
      if (const auto inner = field(body, "arg")) note_compared(column, *inner);
    } else if (kind == "List") {
      for_each(body, "items", [&](const Node& item) { note_compared(column, item); });
    }
  });
}

bool Walker::equates(const Value& one, const Value& other, const Node* wrapper) {
  size_t left = kMostCompared;
  if (other.empty()) {
    if (wrapper == nullptr || !is_plain(*wrapper, left)) return false;
    facts_.comparisons += kMostCompared - left;
    if (one.sources.size() == 1 && one.sources[0].as_is && !one.unknown)
      note_compared(one.sources[0].column, *wrapper);
    return true;
  }
  const auto whole = [](const Source& source) {
    return first_step(source) == nullptr && !is_argument(source.column) &&
           (source.as_is || !source.functions.empty());
  };
  if (other.unknown || other.made ||
      !std::all_of(other.sources.begin(), other.sources.end(), whole)) {
    return false;
  }
  for (const Source& a : one.sources) {
    for (const Source& b : other.sources) gather_.equate(a.column, b.column);
  }
  return true;
}

void Walker::probe(const Value& value) {
  for (const Source& source : value.sources) {
    if (!context_.owned) gather_.use(source.column, kProbed);
  }
}

/// Of AND, OR and COALESCE. `seen`: whether a later part is evaluated shows, and so what the others
/// are.
Value Walker::eval_lazily(const Node& body, const Level& level, bool seen) {
  Value all;
  for_each(body, "args", [&](const Node& part) {
    const Value value = eval(part, level);
    // That a column is NULL may be known.
    const bool plain = std::all_of(value.sources.begin(), value.sources.end(),
                                   [](const Source& source) { return source.as_is; });
    if (seen && (!plain || field(body, "boolop"))) test(value, kUsedInPredicate);
    all.add(value);
  });
  return all;
}

/// Whether that fails for it tells something of a value.
Value Walker::fragile(const Value& value, std::string_view by) {
  gather_.compute(value, by);
  return value.through(by);
}

void Walker::test(const Value& value, ColumnUses use) {
  for (const Source& source : value.sources) {
    const bool probed = !context_.owned && looks_into(source);
    gather_.use(source.column, static_cast<ColumnUses>(use | (probed ? kProbed : 0)));
  }
}

void Walker::tell(const Value& value, ColumnUses use) {
  for (const Source& source : value.sources) {
    const bool probed = !context_.owned && tells(source);
    gather_.use(source.column, static_cast<ColumnUses>(use | (probed ? kProbed : 0)));
  }
}

void Walker::give_away(const Value& value) {
  if (!context_.fired && !context_.muted && !context_.explained) gather_.use(value, kGivenAway);
}

void Walker::hand_over(const catalog::Function& function, FunctionRisk risk,
                       const std::vector<Value>& given) {
  if (keeps_arguments(function, risk)) {
    for (const Value& value : given) give_away(value);
  }
  if (!function.returns_set) return;
  // How many rows there are tells of what it was called with.
  const bool parts = function.system() && is_one_of(kTakingApart, function.name);
  for (const Value& value : given) {
    for (const Source& source : value.sources) {
      const bool probed = !context_.owned && tells(source) && !(parts && is_taken_apart(source));
      if (probed) gather_.use(source.column, kProbed);
    }
  }
}

void Walker::use_as_body(const Value& argument, ColumnUses uses) {
  constexpr ColumnUses kTests = kUsedInPredicate | kUsedInJoin;
  gather_.use(argument, uses);
  if ((uses & kTests) != 0) test(argument, 0);
}

}  // namespace sluice::sql
