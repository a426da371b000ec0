#include "catalog/loader.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "catalog/digest.h"
#include "catalog/row_reader.h"

namespace sluice::catalog {

namespace {

constexpr uint64_t kPageBytes = 8192;

/// The results of load_query, in order.
enum ResultNumber : size_t {
  kFingerprint,
  kPath,
  kSchemas,
  kRelations,
  kColumns,
  kInherits,
  kRules,
  kTriggers,
  kIndexes,
  kConstraints,
  kFunctions,
  kTypes,
  kOperators,
  kCalls,
  kResults,
};

/// The body of an SQL function out of what pg_get_functiondef gives: a line that begins, outside of
/// quotes, with BEGIN ATOMIC or RETURN (lines of the head begin with a blank). "" for a body that
/// is an empty string, an error for anything else.
Result<std::string> parsed_body(const std::string& definition) {
  char quote = '\0';
  for (size_t at = 0; at < definition.size(); ++at) {
    const char c = definition[at];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '\n') {
      const std::string_view line = std::string_view(definition).substr(at + 1);
      if (line.starts_with("BEGIN ATOMIC") || line.starts_with("RETURN ")) return std::string(line);
      if (line.starts_with("AS $")) return std::string();
    }
  }
  return fail(ErrorCode::kProtocol, "a function's definition has no body");
}

/// Collects the rows of all results. Statements of one text have snapshots of their own: a row
/// that belongs to an object that came or went in between is left out; the fingerprint, read
/// first, then differs from the next one.
class Builder {
 public:
  Result<Catalog::Contents> run(std::vector<Rows>& results, const Catalog* base);

 private:
  /// Calls `read` with a reader for each row and adds to its error which row it was.
  template <typename Read>
  Result<void> each(std::vector<Rows>& results, ResultNumber number, size_t columns, Read read);

  Result<void> read_head(std::vector<Rows>& results);
  Result<void> read_relations(std::vector<Rows>& results);
  Result<void> read_columns(std::vector<Rows>& results);
  Result<void> read_inherits(std::vector<Rows>& results);
  Result<void> read_rules_and_triggers(std::vector<Rows>& results);
  Result<void> read_indexes(std::vector<Rows>& results);
  Result<void> read_constraints(std::vector<Rows>& results);
  Result<void> read_functions(std::vector<Rows>& results);
  Result<void> read_types(std::vector<Rows>& results);
  Result<void> read_operators(std::vector<Rows>& results);
  Result<void> read_calls(std::vector<Rows>& results);
  void take_call(char what, Oid object, Oid other, Oid function, std::string text);
  Result<void> take_system(const Catalog* base);

  /// A definition that could not be rendered.
  void missing() { contents_.complete = false; }

  Relation* relation(Oid oid) {
    const auto found = by_oid_.find(oid);
    return found == by_oid_.end() ? nullptr : &contents_.relations[found->second];
  }
  const std::string* schema(Oid oid) const {
    const auto found = schemas_.find(oid);
    return found == schemas_.end() ? nullptr : &found->second;
  }

  Catalog::Contents contents_;
  std::unordered_map<Oid, std::string> schemas_;
  std::unordered_map<Oid, size_t> by_oid_, types_, functions_, operators_;
};

template <typename Read>
Result<void> Builder::each(std::vector<Rows>& results, ResultNumber number, size_t columns,
                           Read read) {
  size_t count = 0;
  for (Row& row : results[number]) {
    ++count;
    RowReader reader(row, columns);
    Result<void> kept = read(reader);
    if (auto finished = reader.finish(); !finished) kept = std::move(finished);
    if (!kept) {
      return fail(std::move(kept).error().within("catalog result " + std::to_string(number) +
                                                 ", row " + std::to_string(count)));
    }
  }
  return {};
}

Result<void> Builder::read_head(std::vector<Rows>& results) {
  if (results[kFingerprint].size() != 1 || results[kPath].size() != 1) {
    return fail(ErrorCode::kProtocol, "the catalog's fingerprint and path are not one row each");
  }
  SLUICE_TRY(each(results, kFingerprint, 1, [&](RowReader& row) -> Result<void> {
    contents_.fingerprint = row.text();
    return {};
  }));
  SLUICE_TRY(each(results, kPath, 1, [&](RowReader& row) -> Result<void> {
    contents_.definition_path = row.text_array();
    return {};
  }));
  return each(results, kSchemas, 2, [&](RowReader& row) -> Result<void> {
    const Oid oid = row.oid();
    const std::string& name = schemas_.emplace(oid, row.text()).first->second;
    contents_.schemas.push_back(name);
    return {};
  });
}

Result<void> Builder::read_relations(std::vector<Rows>& results) {
  contents_.relations.reserve(results[kRelations].size());
  return each(results, kRelations, 11, [&](RowReader& row) -> Result<void> {
    Relation item;
    item.oid = row.oid();
    const std::string* schema_name = schema(row.oid());
    item.name = row.text();
    item.kind = static_cast<RelationKind>(row.one_of("rpvmfSiIct"));
    item.persistence = row.one_of("put");
    item.owner = row.text();
    item.row_security = row.flag();
    item.estimated_rows = row.number();
    item.bytes = static_cast<uint64_t>(std::max(row.integer(), 0)) * kPageBytes;
    item.comment = row.text_or_empty();
    item.view_definition = row.text_or_empty();
    if (schema_name == nullptr) return {};
    if (item.is_view() && !item.system() && item.view_definition.empty()) missing();
    item.schema = *schema_name;
    if (!by_oid_.emplace(item.oid, contents_.relations.size()).second) {
      return fail(ErrorCode::kProtocol, "relation " + std::to_string(item.oid) + " comes twice");
    }
    contents_.relations.push_back(std::move(item));
    return {};
  });
}

Result<void> Builder::read_columns(std::vector<Rows>& results) {
  SLUICE_TRY(each(results, kColumns, 11, [&](RowReader& row) -> Result<void> {
    Relation* owner = relation(row.oid());
    Column item;
    item.number = row.small();
    item.name = row.text();
    item.type = row.oid();
    item.type_name = row.text();
    item.not_null = row.flag();
    item.has_default = row.flag();
    item.generated = row.flag();
    item.identity = row.flag();
    item.default_text = row.text_or_empty();
    item.comment = row.text_or_empty();
    if (item.has_default && item.default_text.empty()) missing();
    if (owner != nullptr) owner->columns.push_back(std::move(item));
    return {};
  }));
  for (Relation& item : contents_.relations) {
    std::sort(item.columns.begin(), item.columns.end(),
              [](const Column& a, const Column& b) { return a.number < b.number; });
  }
  return {};
}

Result<void> Builder::read_inherits(std::vector<Rows>& results) {
  return each(results, kInherits, 2, [&](RowReader& row) -> Result<void> {
    Relation* child = relation(row.oid());
    Relation* parent = relation(row.oid());
    if (child == nullptr || parent == nullptr) return {};
    child->parents.push_back(parent->oid);
    parent->children.push_back(child->oid);
    return {};
  });
}

Result<void> Builder::read_rules_and_triggers(std::vector<Rows>& results) {
  SLUICE_TRY(each(results, kRules, 5, [&](RowReader& row) -> Result<void> {
    Relation* owner = relation(row.oid());
    Rule item;
    item.name = row.text();
    item.event = row.one_of("1234");
    item.enabled = row.one_of("ODRA");
    item.definition = row.text_or_empty();
    if (item.definition.empty()) missing();
    if (owner != nullptr) owner->rules.push_back(std::move(item));
    return {};
  }));
  return each(results, kTriggers, 7, [&](RowReader& row) -> Result<void> {
    Relation* owner = relation(row.oid());
    Trigger item;
    item.name = row.text();
    item.function = row.oid();
    item.deferrable = row.flag();
    item.initially_deferred = row.flag();
    item.enabled = row.one_of("ODRA");
    item.definition = row.text_or_empty();
    if (item.definition.empty()) missing();
    if (owner != nullptr) owner->triggers.push_back(std::move(item));
    return {};
  });
}

Result<void> Builder::read_indexes(std::vector<Rows>& results) {
  return each(results, kIndexes, 10, [&](RowReader& row) -> Result<void> {
    Relation* owner = relation(row.oid());
    Index item;
    item.oid = row.oid();
    item.name = row.text();
    item.unique = row.flag();
    item.primary = row.flag();
    item.valid = row.flag();
    item.partial = row.flag();
    item.columns = row.small_vector();
    const int16_t of_key = row.small();
    item.definition = row.text_or_empty();
    if (item.definition.empty()) missing();
    if (of_key < 0 || static_cast<size_t>(of_key) > item.columns.size()) {
      return fail(ErrorCode::kProtocol, "an index has fewer columns than its key");
    }
    item.columns.resize(static_cast<size_t>(of_key));
    if (owner != nullptr) owner->indexes.push_back(std::move(item));
    return {};
  });
}

Result<void> Builder::read_constraints(std::vector<Rows>& results) {
  return each(results, kConstraints, 12, [&](RowReader& row) -> Result<void> {
    Relation* owner = relation(row.oid());
    Constraint item;
    item.oid = row.oid();
    item.name = row.text();
    item.type = row.one_of("cfpux");
    item.columns = row.small_array();
    item.referenced = row.oid();
    item.referenced_columns = row.small_array();
    item.on_update = row.one_of("arcnd ");
    item.on_delete = row.one_of("arcnd ");
    item.validated = row.flag();
    item.deferrable = row.flag();
    item.definition = row.text_or_empty();
    if (item.type != 'f') item.on_update = item.on_delete = 'a';
    if (item.definition.empty()) missing();
    if (owner != nullptr) owner->constraints.push_back(std::move(item));
    return {};
  });
}

/// Splits pg_proc.proargnames by proargmodes (i in, o out, b inout, v variadic, t table).
Result<void> set_arguments(Function& item, std::vector<std::string> names,
                           const std::vector<std::string>& modes) {
  if (modes.empty()) {
    item.argument_names = std::move(names);
    return {};
  }
  if (!names.empty() && names.size() != modes.size()) {
    return fail(ErrorCode::kProtocol, "a function's argument names do not fit their modes");
  }
  names.resize(modes.size());
  for (size_t i = 0; i < modes.size(); ++i) {
    if (modes[i].size() != 1 ||
        std::string_view("iobvt").find(modes[i]) == std::string_view::npos) {
      return fail(ErrorCode::kProtocol, "a function's argument has an unknown mode");
    }
    const char mode = modes[i][0];
    if (mode == 'o' || mode == 'b' || mode == 't') item.result_columns.push_back(names[i]);
    if (mode == 'i' || mode == 'b' || mode == 'v') item.argument_names.push_back(names[i]);
  }
  return {};
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) {
    if (!out.empty()) out += '\n';
    out += line;
  }
  return out;
}

Result<void> Builder::read_functions(std::vector<Rows>& results) {
  contents_.functions.reserve(results[kFunctions].size());
  return each(results, kFunctions, 18, [&](RowReader& row) -> Result<void> {
    Function item;
    item.oid = row.oid();
    const std::string* schema_name = schema(row.oid());
    item.name = row.text();
    item.kind = row.one_of("fpaw");
    item.argument_types = row.oid_vector();
    auto names = row.text_array();
    const auto modes = row.text_array();
    item.defaults = row.small();
    item.variadic = row.flag();
    item.return_type = row.oid();
    item.returns_set = row.flag();
    item.language = row.text();
    item.volatility = row.one_of("isv");
    item.security_definer = row.flag();
    item.source = row.text();
    const bool parsed = row.flag();
    const std::string definition = row.text_or_empty();
    item.settings = joined(row.text_array());
    SLUICE_TRY(row.finish());
    SLUICE_TRY(set_arguments(item, std::move(names), modes));
    if (item.defaults < 0 || static_cast<size_t>(item.defaults) > item.argument_types.size()) {
      return fail(ErrorCode::kProtocol, "a function has more defaults than arguments");
    }
    if (parsed && definition.empty()) {
      // The source says nothing then, and nobody may take that for an empty body.
      item.language.clear();
      missing();
    } else if (parsed) {
      SLUICE_ASSIGN(item.source, parsed_body(definition));
    }
    if (schema_name == nullptr) return {};
    item.schema = *schema_name;
    contents_.functions.push_back(std::move(item));
    return {};
  });
}

Result<void> Builder::read_types(std::vector<Rows>& results) {
  contents_.types.reserve(results[kTypes].size());
  return each(results, kTypes, 8, [&](RowReader& row) -> Result<void> {
    Type item;
    item.oid = row.oid();
    const std::string* schema_name = schema(row.oid());
    item.name = row.text();
    item.kind = row.one_of("bcdeprm");
    item.relation = row.oid();
    item.element = row.oid();
    item.base = row.oid();
    item.definition = row.text_or_empty();
    if (schema_name == nullptr) return {};
    item.schema = *schema_name;
    contents_.types.push_back(std::move(item));
    return {};
  });
}

Result<void> Builder::read_operators(std::vector<Rows>& results) {
  return each(results, kOperators, 6, [&](RowReader& row) -> Result<void> {
    Operator item;
    item.oid = row.oid();
    const std::string* schema_name = schema(row.oid());
    item.name = row.text();
    item.left = row.oid();
    item.right = row.oid();
    item.function = row.oid();
    if (schema_name == nullptr) return {};
    item.schema = *schema_name;
    contents_.operators.push_back(std::move(item));
    return {};
  });
}

/// What the server calls by itself: see the last of the queries.
Result<void> Builder::read_calls(std::vector<Rows>& results) {
  const auto index = [](const auto& items, std::unordered_map<Oid, size_t>& by_oid) {
    for (size_t i = 0; i < items.size(); ++i) by_oid.emplace(items[i].oid, i);
  };
  index(contents_.types, types_);
  index(contents_.functions, functions_);
  index(contents_.operators, operators_);
  return each(results, kCalls, 5, [&](RowReader& row) -> Result<void> {
    const char what = row.one_of("abcdefkmoprstvx");
    const Oid object = row.oid();
    const Oid other = row.oid();
    const Oid function = row.oid();
    std::string text = row.text_or_empty();
    SLUICE_TRY(row.finish());
    if (what == 'c' &&
        (text.size() != 1 || std::string_view("eai").find(text[0]) == std::string_view::npos)) {
      return fail(ErrorCode::kProtocol, "a cast of unknown context");
    }
    if (text.empty() && std::string_view("dfkpv").find(what) != std::string_view::npos) missing();
    take_call(what, object, other, function, std::move(text));
    return {};
  });
}

void Builder::take_call(char what, Oid object, Oid other, Oid function, std::string text) {
  if (what == 's') return contents_.secret_settings.push_back(std::move(text));
  if (what == 'c') return contents_.casts.push_back({0, object, other, function, text[0]});
  if (what == 'e') {
    EventTrigger& item = contents_.event_triggers.emplace_back();
    item.oid = object;
    item.function = function;
    const size_t comma = text.find(',');
    item.event = text.substr(0, comma);
    for (size_t at = comma; at != std::string::npos;) {
      const size_t end = text.find(',', at + 1);
      item.tags.push_back(text.substr(at + 1, end == std::string::npos ? end : end - at - 1));
      at = end;
    }
    return;
  }
  if (what == 'p' || what == 'k' || what == 'x' || what == 'b') {
    Relation* item = relation(object);
    if (item == nullptr) return;
    if (what == 'b') {
      item->default_partition = other;
      item->partition_columns = small_numbers(text);
    }
    if (what == 'k') item->partition_key = std::move(text);
    if (what == 'p') item->policies.push_back(std::move(text));
    if (what == 'x') item->class_functions.push_back(function);
    return;
  }
  if (const auto at = operators_.find(object); what == 'm' && at != operators_.end())
    contents_.operators[at->second].substitutes.push_back(function);
  if (what == 'a' || what == 'f') {
    const auto found = functions_.find(object);
    if (found == functions_.end()) return;
    Function& item = contents_.functions[found->second];
    if (what == 'a') item.supports.push_back(function);
    if (what == 'f') item.default_text = std::move(text);
    return;
  }
  const auto found = types_.find(object);
  if (found == types_.end()) return;
  Type& item = contents_.types[found->second];
  if (what == 'v') item.default_text = std::move(text);
  if (what == 'd') item.checks.push_back(std::move(text));
  if (what == 'r') item.subtype = other;
  if (what == 't') item.functions.push_back(function);
  if (what == 'o') item.class_functions.push_back(function);
}

template <typename T>
void take_system_of(const std::vector<T>& from, std::vector<T>& to) {
  std::copy_if(from.begin(), from.end(), std::back_inserter(to),
               [](const T& item) { return item.oid < kFirstUserOid; });
}

Result<void> Builder::take_system(const Catalog* base) {
  const auto& read = contents_.relations;
  if (std::any_of(read.begin(), read.end(), [](const Relation& item) { return item.system(); })) {
    return {};
  }
  if (base == nullptr) {
    return fail(ErrorCode::kInvalidInput, "the catalog has no system objects and no base");
  }
  take_system_of(base->relations(), contents_.relations);
  take_system_of(base->functions(), contents_.functions);
  take_system_of(base->types(), contents_.types);
  return {};
}

Result<Catalog::Contents> Builder::run(std::vector<Rows>& results, const Catalog* base) {
  if (results.size() != kResults) {
    return fail(ErrorCode::kProtocol, "the catalog came in " + std::to_string(results.size()) +
                                          " results, expected " + std::to_string(kResults));
  }
  SLUICE_TRY(read_head(results));
  SLUICE_TRY(read_relations(results));
  SLUICE_TRY(read_columns(results));
  SLUICE_TRY(read_inherits(results));
  SLUICE_TRY(read_rules_and_triggers(results));
  SLUICE_TRY(read_indexes(results));
  SLUICE_TRY(read_constraints(results));
  SLUICE_TRY(read_functions(results));
  SLUICE_TRY(read_types(results));
  SLUICE_TRY(read_operators(results));
  SLUICE_TRY(read_calls(results));
  SLUICE_TRY(take_system(base));
  return std::move(contents_);
}

}  // namespace

Result<std::shared_ptr<const Catalog>> build(std::vector<Rows> results, const Catalog* base) {
  std::string read = digest(results, base);
  SLUICE_ASSIGN(auto contents, Builder().run(results, base));
  contents.read = std::move(read);
  return std::make_shared<const Catalog>(std::move(contents));
}

}  // namespace sluice::catalog
