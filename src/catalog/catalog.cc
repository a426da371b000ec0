#include "catalog/catalog.h"

#include <algorithm>
#include <atomic>
#include <unordered_set>

namespace sluice::catalog {

namespace {

/// PostgreSQL's alias for the session's own temporary schema.
constexpr std::string_view kTempAlias = "pg_temp";
constexpr std::string_view kTempPrefix = "pg_temp_";

std::string key_of(std::string_view schema, std::string_view name) {
  std::string key;
  key.reserve(schema.size() + 1 + name.size());
  key.append(schema).append(1, '\0').append(name);
  return key;
}

template <typename T>
const T* at(const std::vector<T>& items, const std::unordered_map<Oid, size_t>& index, Oid oid) {
  const auto found = index.find(oid);
  return found == index.end() ? nullptr : &items[found->second];
}

template <typename T>
void append(const std::vector<T>& items, const std::unordered_multimap<std::string, size_t>& index,
            const std::string& key, std::vector<const T*>& out) {
  const auto [first, last] = index.equal_range(key);
  const size_t start = out.size();
  for (auto item = first; item != last; ++item) out.push_back(&items[item->second]);
  // A multimap gives equal keys in no order worth relying on.
  std::sort(out.begin() + static_cast<ptrdiff_t>(start), out.end(),
            [](const T* a, const T* b) { return a->oid < b->oid; });
}

bool has_deferred_work(const Relation& relation) {
  const auto deferrable = [](const auto& item) { return item.deferrable; };
  return std::any_of(relation.triggers.begin(), relation.triggers.end(), deferrable) ||
         std::any_of(relation.constraints.begin(), relation.constraints.end(), deferrable);
}

}  // namespace

const Column* Relation::column(std::string_view column_name) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const Column& item) { return item.name == column_name; });
  return found == columns.end() ? nullptr : &*found;
}

const Column* Relation::column(int16_t number) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const Column& item) { return item.number == number; });
  return found == columns.end() ? nullptr : &*found;
}

Catalog::Catalog(Contents contents) : contents_(std::move(contents)) {
  static std::atomic<uint64_t> last_id = 0;
  id_ = ++last_id;

  const auto& relations = contents_.relations;
  relations_by_oid_.reserve(relations.size());
  relations_by_name_.reserve(relations.size());
  for (size_t i = 0; i < relations.size(); ++i) {
    const Relation& relation = relations[i];
    relations_by_oid_.emplace(relation.oid, i);
    relations_by_name_.emplace(key_of(relation.schema, relation.name), i);
    has_deferrable_ = has_deferrable_ || has_deferred_work(relation);
    for (size_t c = 0; c < relation.constraints.size(); ++c) {
      const Oid referenced = relation.constraints[c].referenced;
      if (referenced != 0 && referenced != relation.oid) {
        referencing_.emplace(referenced, std::pair(i, c));
      }
    }
    for (const catalog::Index& index : relation.indexes) index_tables_.emplace(index.oid, i);
  }
  const auto& functions = contents_.functions;
  functions_by_oid_.reserve(functions.size());
  functions_by_name_.reserve(functions.size());
  for (size_t i = 0; i < functions.size(); ++i) {
    functions_by_oid_.emplace(functions[i].oid, i);
    functions_by_name_.emplace(key_of(functions[i].schema, functions[i].name), i);
  }
  const auto& types = contents_.types;
  types_by_oid_.reserve(types.size());
  types_by_name_.reserve(types.size());
  for (size_t i = 0; i < types.size(); ++i) {
    types_by_oid_.emplace(types[i].oid, i);
    types_by_name_.emplace(key_of(types[i].schema, types[i].name), i);
  }
  for (size_t i = 0; i < contents_.operators.size(); ++i) {
    const Operator& item = contents_.operators[i];
    operators_by_name_.emplace(key_of(item.schema, item.name), i);
  }
  for (const std::string& schema : contents_.schemas) {
    if (schema.starts_with(kTempPrefix)) temp_schema_ = schema;
  }
  index_types();
  index_internal();
}

void Catalog::index_types() {
  for (const Type& type : contents_.types) {
    if (type.relation != 0 && type.oid >= kFirstUserOid)
      row_types_.emplace(type.relation, type.oid);
    if (!type.checks.empty() || !type.functions.empty()) types_with_calls_.push_back(type.oid);
    types_call_ = types_call_ || !type.class_functions.empty();
  }
  for (size_t i = 0; i < contents_.casts.size(); ++i) {
    const Cast& cast = contents_.casts[i];
    casts_by_type_.emplace(cast.source, i);
    if (cast.target != cast.source) casts_by_type_.emplace(cast.target, i);
    if (cast.source < kFirstUserOid && cast.target < kFirstUserOid) system_casts_.push_back(&cast);
  }
  for (const Operator& op : contents_.operators) {
    const bool of_users = op.left >= kFirstUserOid || op.right >= kFirstUserOid;
    types_call_ = types_call_ || of_users;
  }
  types_call_ = types_call_ || !types_with_calls_.empty() || !contents_.casts.empty();
}

void Catalog::index_internal() {
  const auto users_internal = [](const Function& item) {
    return !item.system() && item.language == "internal";
  };
  std::unordered_set<std::string_view> named;
  for (const Function& item : contents_.functions) {
    if (users_internal(item)) named.insert(item.source);
  }
  if (named.empty()) return;
  for (size_t i = 0; i < contents_.functions.size(); ++i) {
    const Function& item = contents_.functions[i];
    if (item.system() && item.language == "internal" && named.contains(item.source)) {
      internal_by_source_.emplace(item.source, i);
    }
  }
}

std::vector<const Cast*> Catalog::casts(Oid type) const {
  std::vector<const Cast*> found;
  const auto [first, last] = casts_by_type_.equal_range(type);
  for (auto item = first; item != last; ++item) found.push_back(&contents_.casts[item->second]);
  return found;
}

Oid Catalog::row_type(Oid relation) const {
  const auto found = row_types_.find(relation);
  return found == row_types_.end() ? 0 : found->second;
}

const Relation* Catalog::table_of_index(Oid index) const {
  const auto found = index_tables_.find(index);
  return found == index_tables_.end() ? nullptr : &contents_.relations[found->second];
}

std::vector<const Function*> Catalog::same_code(const Function& function) const {
  std::vector<const Function*> found;
  append(contents_.functions, internal_by_source_, function.source, found);
  return found;
}

std::string_view Catalog::actual_schema(std::string_view schema) const {
  return schema == kTempAlias && !temp_schema_.empty() ? std::string_view(temp_schema_) : schema;
}

const Relation* Catalog::relation(Oid oid) const {
  return at(contents_.relations, relations_by_oid_, oid);
}

const Relation* Catalog::relation(std::string_view schema, std::string_view name) const {
  const auto found = relations_by_name_.find(key_of(actual_schema(schema), name));
  return found == relations_by_name_.end() ? nullptr : &contents_.relations[found->second];
}

const Relation* Catalog::resolve(const std::vector<std::string>& search_path,
                                 std::string_view name) const {
  for (const std::string& schema : search_path) {
    if (const Relation* found = relation(schema, name)) return found;
  }
  return nullptr;
}

const Function* Catalog::function(Oid oid) const {
  return at(contents_.functions, functions_by_oid_, oid);
}

std::vector<const Function*> Catalog::functions(const std::vector<std::string>& search_path,
                                                std::string_view schema,
                                                std::string_view name) const {
  std::vector<const Function*> found;
  if (!schema.empty()) {
    append(contents_.functions, functions_by_name_, key_of(actual_schema(schema), name), found);
    return found;
  }
  for (const std::string& place : search_path) {
    // The server never looks for a function in pg_temp unless it is written.
    if (place.starts_with(kTempPrefix) || place == kTempAlias) continue;
    append(contents_.functions, functions_by_name_, key_of(place, name), found);
  }
  return found;
}

const Type* Catalog::type(Oid oid) const { return at(contents_.types, types_by_oid_, oid); }

const Type* Catalog::type(const std::vector<std::string>& search_path, std::string_view schema,
                          std::string_view name) const {
  const auto look_up = [&](std::string_view place) -> const Type* {
    const auto found = types_by_name_.find(key_of(actual_schema(place), name));
    return found == types_by_name_.end() ? nullptr : &contents_.types[found->second];
  };
  if (!schema.empty()) return look_up(schema);
  for (const std::string& place : search_path) {
    if (const Type* found = look_up(place)) return found;
  }
  return nullptr;
}

std::vector<const Operator*> Catalog::operators(const std::vector<std::string>& search_path,
                                                std::string_view name) const {
  std::vector<const Operator*> found;
  for (const std::string& place : search_path) {
    if (place.starts_with(kTempPrefix) || place == kTempAlias) continue;  // as for functions
    append(contents_.operators, operators_by_name_, key_of(place, name), found);
  }
  return found;
}

bool Catalog::has_schema(std::string_view name) const {
  const std::string_view actual = actual_schema(name);
  return std::find(contents_.schemas.begin(), contents_.schemas.end(), actual) !=
         contents_.schemas.end();
}

std::vector<std::pair<const Relation*, const Constraint*>> Catalog::referencing(Oid table) const {
  const auto [first, last] = referencing_.equal_range(table);
  std::vector<std::pair<size_t, size_t>> places;
  for (auto item = first; item != last; ++item) places.push_back(item->second);
  std::sort(places.begin(), places.end());
  std::vector<std::pair<const Relation*, const Constraint*>> found;
  for (const auto& [relation, constraint] : places) {
    const Relation& from = contents_.relations[relation];
    found.emplace_back(&from, &from.constraints[constraint]);
  }
  return found;
}

}  // namespace sluice::catalog
