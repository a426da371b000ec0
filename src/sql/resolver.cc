#include "sql/resolver.h"

#include <algorithm>

namespace sluice::sql {
namespace {

bool is_temporary_schema(std::string_view schema) {
  return schema == "pg_temp" || schema.starts_with("pg_temp_");
}

}  // namespace

Resolver::Resolver(const Scope& scope, StatementFacts& facts)
    : catalog_(scope.catalog.get()), path_{scope.search_path, false}, facts_(facts) {}

bool Resolver::was_created(const Name& name) const {
  return std::any_of(created_.begin(), created_.end(), [&](const Object& object) {
    return object.name == name.name && (name.schema.empty() || object.schema == name.schema);
  });
}

bool Resolver::made_temporary(const Name& name) const {
  if (removed_ || !name.schema.empty() || catalog_ == nullptr) return false;
  const auto& places = this->places();
  if (std::any_of(places.begin(), places.end(), [&](const std::string& schema) {
        return catalog_->relation(schema, name.name) != nullptr;
      })) {
    return false;
  }
  bool made = false, all = true;
  for (const Object& object : created_) {
    if (object.name != name.name) continue;
    made = true;
    all = all && object.temporary;
  }
  return made && all;
}

bool Resolver::hides_another(const catalog::Relation& found) const {
  return std::any_of(path_.schemas.begin(), path_.schemas.end(), [&](const std::string& schema) {
    const catalog::Relation* other = catalog_->relation(schema, found.name);
    return other != nullptr && other != &found;
  });
}

const catalog::Relation* Resolver::find_relation(const Name& name) const {
  if (catalog_ == nullptr) return nullptr;
  if (!name.schema.empty()) return catalog_->relation(name.schema, name.name);
  if (!path_.uncertain) {
    const catalog::Relation* found = catalog_->resolve(path_.schemas, name.name);
    if (!removed_ || found == nullptr || !hides_another(*found)) return found;
    facts_.unresolved = true;
    return nullptr;
  }
  // The only one of that name is meant, or none; of several nobody knows which.
  const catalog::Relation* only = nullptr;
  for (const std::string& schema : places()) {
    const catalog::Relation* found = catalog_->relation(schema, name.name);
    if (found != nullptr && only != nullptr && found != only) return nullptr;
    if (found != nullptr) only = found;
  }
  return only;
}

const catalog::Relation* Resolver::relation(const Name& name) {
  if (catalog_ == nullptr) return nullptr;
  const catalog::Relation* found = find_relation(name);
  if (found == nullptr) {
    if (!was_created(name)) facts_.unresolved = true;
  } else if (!found->system() && uncertain_) {
    facts_.unresolved = true;
    return nullptr;
  }
  return found;
}

const catalog::Relation* Resolver::relation(Oid oid) const {
  return catalog_ == nullptr ? nullptr : catalog_->relation(oid);
}

std::vector<const catalog::Function*> Resolver::functions(const Name& name) {
  if (catalog_ == nullptr) return {};
  // Any of them may be meant, or hidden by another: all are looked at.
  auto found = catalog_->functions(places(), name.schema, name.name);
  const bool users = std::any_of(found.begin(), found.end(),
                                 [](const catalog::Function* f) { return !f->system(); });
  if (uncertain_ && users) facts_.unresolved = true;
  return found;
}

std::vector<const catalog::Operator*> Resolver::operators(const Name& name) const {
  if (catalog_ == nullptr || catalog_->operators().empty()) return {};
  if (name.schema.empty()) return catalog_->operators(places(), name.name);
  if (!is_temporary_schema(name.schema))
    return catalog_->operators({std::string(name.schema)}, name.name);
  // Never found by their names alone, those of pg_temp are where it is spelt out.
  std::vector<const catalog::Operator*> found;
  for (const catalog::Operator& op : catalog_->operators())
    if (is_temporary_schema(op.schema) && op.name == name.name) found.push_back(&op);
  return found;
}

const catalog::Type* Resolver::type(const Name& name) const {
  if (catalog_ == nullptr) return nullptr;
  const catalog::Type* found = catalog_->type(path_.schemas, name.schema, name.name);
  if (!path_.uncertain || !name.schema.empty()) return found;
  // What users made does more than what the server brings.
  for (const std::string& schema : places()) {
    const catalog::Type* other = catalog_->type({}, schema, name.name);
    if (other != nullptr && (found == nullptr || other->oid >= catalog::kFirstUserOid))
      found = other;
  }
  return found;
}

Object Resolver::object(const catalog::Relation& relation, bool reached) {
  return {relation.oid, relation.schema, relation.name, relation.kind, relation.persistence == 't',
          reached};
}

Object Resolver::object(const Name& name, const catalog::Relation* found, bool reached) const {
  if (found != nullptr) return object(*found, reached);
  Object out;
  out.schema = name.schema;
  out.name = name.name;
  // By its number it is another session's, unless it is in one's own path.
  const auto& own = path_.schemas;
  out.temporary = name.schema == "pg_temp" || made_temporary(name) ||
                  (is_temporary_schema(name.schema) &&
                   std::find(own.begin(), own.end(), name.schema) != own.end());
  out.reached = reached;
  return out;
}

Object Resolver::created(const Name& name, bool temporary) const {
  Object out = object(name, nullptr, false);
  out.temporary = out.temporary || temporary;
  if (catalog_ == nullptr || !name.schema.empty()) return out;
  if (path_.uncertain && !out.temporary) return out;
  for (const std::string& schema : path_.schemas) {
    const bool temporary_schema = is_temporary_schema(schema);
    if (out.temporary ? !temporary_schema : temporary_schema || schema == "pg_catalog") continue;
    out.schema = schema;
    return out;
  }
  if (out.temporary) out.schema = "pg_temp";
  return out;
}

SearchPath Resolver::use_path(SearchPath path) {
  std::swap(path_, path);
  return path;
}

std::vector<std::string> Resolver::completed(const std::vector<std::string>& schemas) const {
  std::vector<std::string> path;
  const auto listed = [&](std::string_view name) {
    return std::find(schemas.begin(), schemas.end(), name) != schemas.end();
  };
  std::string temporary;
  for (const std::string& schema : path_.schemas) {
    if (schema.starts_with("pg_temp_")) temporary = schema;
  }
  if (!temporary.empty() && !listed("pg_temp")) path.push_back(temporary);
  if (!listed("pg_catalog")) path.emplace_back("pg_catalog");
  for (const std::string& schema : schemas) {
    if (schema == "pg_temp") {
      if (!temporary.empty()) path.push_back(temporary);
    } else if (catalog_ == nullptr || catalog_->has_schema(schema)) {
      path.push_back(schema);
    }
  }
  return path;
}

}  // namespace sluice::sql
