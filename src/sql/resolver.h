#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sql/names.h"
#include "sql/statement_facts.h"

namespace sluice::sql {

/// Where names that are not qualified are looked up.
struct SearchPath {
  std::vector<std::string> schemas;  ///< as current_schemas(true) returns them
  bool uncertain = false;            ///< may be any other by now
};

/// Finds what names mean, as the server would, by the search_path in force at that place.
class Resolver {
 public:
  Resolver(const Scope& scope, StatementFacts& facts);

  const catalog::Catalog* catalog() const { return catalog_; }

  /// The relation, or null: not in the catalog (then `facts.unresolved` is set), or no catalog.
  const catalog::Relation* relation(const Name& name);
  const catalog::Relation* relation(Oid oid) const;
  /// As `relation`, but for names that need not exist: DROP IF EXISTS, CREATE IF NOT EXISTS.
  const catalog::Relation* find_relation(const Name& name) const;
  std::vector<const catalog::Function*> functions(const Name& name);
  std::vector<const catalog::Operator*> operators(const Name& name) const;
  const catalog::Type* type(const Name& name) const;

  /// The object of an action for a relation that was found, or not.
  static Object object(const catalog::Relation& relation, bool reached);
  Object object(const Name& name, const catalog::Relation* found, bool reached) const;
  /// What CREATE makes: in the schema where it will stand.
  Object created(const Name& name, bool temporary) const;

  /// The names that follow are looked up by another path, until the returned one is put back.
  SearchPath use_path(SearchPath path);
  SearchPath use_path(std::vector<std::string> schemas) {
    return use_path(SearchPath{std::move(schemas), false});
  }
  const SearchPath& path() const { return path_; }
  /// A path as settings give it ("app, \"$user\""), completed as the server does; "$user" is left
  /// out and makes later unqualified names uncertain.
  std::vector<std::string> completed(const std::vector<std::string>& schemas) const;

  /// Something before in the same text may have changed what names mean.
  void make_uncertain() { uncertain_ = true; }
  bool uncertain() const { return uncertain_; }
  void make_path_uncertain() { path_.uncertain = true; }
  /// Something in the text may set the search_path while it runs: names in bodies that have no
  /// path of their own may then mean other things.
  void path_may_change() { path_may_change_ = true; }
  void path_matters() { path_matters_ = true; }
  bool bodies_uncertain() const { return path_may_change_ && path_matters_; }
  /// A statement begins: what those before it did to the path, `make_path_uncertain` says.
  void begin_statement() { path_may_change_ = path_matters_ = false; }
  /// Something in the text removes or renames relations: what a name means then, when another
  /// relation of that name stands behind in the path, is not known.
  void note_removed() { removed_ = true; }
  /// A relation that this text creates.
  void remember_created(const Object& object) { created_.push_back(object); }

 private:
  bool was_created(const Name& name) const;
  /// That can only be a temporary relation that the text itself has made: there is no other.
  bool made_temporary(const Name& name) const;
  bool hides_another(const catalog::Relation& found) const;
  /// Where a name may be found: of an uncertain path, in any schema.
  const std::vector<std::string>& places() const {
    return path_.uncertain ? catalog_->schemas() : path_.schemas;
  }

  const catalog::Catalog* catalog_;
  SearchPath path_;
  StatementFacts& facts_;
  std::vector<Object> created_;
  bool uncertain_ = false;
  bool removed_ = false;
  bool path_may_change_ = false;
  bool path_matters_ = false;
};

}  // namespace sluice::sql
