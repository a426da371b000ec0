#include "undo/keep.h"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "sql/lint_text.h"
#include "undo/capture.h"
#include "undo/images.h"

namespace sluice::undo {
namespace json = boost::json;

namespace {

using catalog::Relation;
using sql::Action;
using sql::ActionKind;
using sql::literal;
using sql::quote_ident;

Error unkept(std::string why) { return {ErrorCode::kDenied, "it could not be undone: " + why}; }

/// What IF EXISTS names may be there by now.
Error unknown(const sql::Object& target) {
  return unkept(fmt::format("\"{}\" is not known (yet, or any more)", target.display()));
}

std::string name_of(const Relation& table) { return quoted_name(table.schema, table.name); }

/// Gathers what is done for the objects of one statement.
class Keeper {
 public:
  Keeper(const catalog::Catalog& catalog, std::string schema) : catalog_(catalog) {
    keeping_.kept.schema = std::move(schema);
  }

  Result<> take(const Action& action);
  /// Nothing if there was nothing to keep.
  std::optional<Keeping> finish() &&;

 private:
  Result<> drop_tables(const Action& action);
  Result<> drop_column(const Action& action);
  Result<> drop_schemas(const Action& action);
  Result<> truncate(const Action& action);

  Result<> whole(const Relation& table) const;
  Result<std::string> copied(const Relation& table);
  /// A foreign key of what is kept would go on holding rows of others.
  void free_from_others(const Relation& table, const std::string& moved_schema);
  void note(std::string what) { summary_.push_back(std::move(what)); }
  void first(std::string text) { keeping_.first.push_back(std::move(text)); }
  void check(std::string text) { keeping_.kept.checks.push_back(std::move(text)); }
  void restore(std::string text) { keeping_.kept.restore.push_back(std::move(text)); }
  /// The statement's effect is tried and taken back, so that it fails as it would have.
  void try_out(const std::vector<std::string>& texts);
  std::string place() const { return quote_ident(keeping_.kept.schema); }

  const catalog::Catalog& catalog_;
  Keeping keeping_;
  std::vector<std::string> summary_;
  std::vector<std::string> afterwards_;  ///< of `restore`, once all is back
  bool placed_ = false;
  bool renamed_ = false;  ///< the place is the dropped schema itself
  size_t copies_ = 0;
  uint64_t bytes_ = 0;
};

void Keeper::try_out(const std::vector<std::string>& texts) {
  first("SAVEPOINT sluice_keep");
  for (const auto& text : texts) first(text);
  first("ROLLBACK TO SAVEPOINT sluice_keep");
  first("RELEASE SAVEPOINT sluice_keep");
}

Result<> Keeper::whole(const Relation& table) const {
  if (table.kind != catalog::RelationKind::kTable || !table.children.empty() ||
      !table.parents.empty()) {
    return fail(
        unkept(fmt::format("\"{}\" has partitions or heirs, or is one", table.qualified_name())));
  }
  return {};
}

void Keeper::free_from_others(const Relation& table, const std::string& moved_schema) {
  for (const auto& key : table.constraints) {
    if (key.type != 'f' || key.referenced == table.oid) continue;
    const Relation* other = catalog_.relation(key.referenced);
    if (other != nullptr && other->schema == moved_schema) continue;
    first(fmt::format("ALTER TABLE {} DROP CONSTRAINT {}", name_of(table), quote_ident(key.name)));
    afterwards_.push_back(fmt::format("ALTER TABLE {} ADD CONSTRAINT {} {}", name_of(table),
                                      quote_ident(key.name), key.definition));
  }
}

Result<> Keeper::drop_tables(const Action& action) {
  std::vector<const Relation*> tables;
  std::string names;
  for (const auto& target : action.targets) {
    if (target.reached || target.temporary) continue;
    const Relation* table = catalog_.relation(target.oid);
    if (table == nullptr) return fail(unknown(target));
    if (table->persistence == 't') continue;
    SLUICE_TRY(whole(*table));
    tables.push_back(table);
    names += (names.empty() ? "" : ", ") + name_of(*table);
  }
  if (tables.empty()) return {};
  // What depends on them would go with them, and could not be brought back.
  try_out({"DROP TABLE " + names + " RESTRICT"});
  for (const Relation* table : tables) {
    free_from_others(*table, {});
    first(fmt::format("ALTER TABLE {} SET SCHEMA {}", name_of(*table), place()));
    first(fmt::format("CREATE TABLE {} ()", name_of(*table)));
    check(fmt::format("SELECT {} WHERE pg_catalog.to_regclass({}) IS NOT NULL",
                      literal("there is another " + table->qualified_name() + " now"),
                      literal(name_of(*table))));
    restore(fmt::format("ALTER TABLE {}.{} SET SCHEMA {}", place(), quote_ident(table->name),
                        quote_ident(table->schema)));
    note("table " + table->qualified_name());
  }
  return {};
}

Result<std::string> Keeper::copied(const Relation& table) {
  bytes_ += table.bytes;
  if (bytes_ > kMostCopied) {
    return fail(unkept(fmt::format("it would copy {} MiB, and at most {} MiB are copied",
                                   bytes_ >> 20, kMostCopied >> 20)));
  }
  return fmt::format("{}.c{}", place(), ++copies_);
}

Result<> Keeper::truncate(const Action& action) {
  for (const auto& target : action.targets) {
    const Relation* table = catalog_.relation(target.oid);
    if (table == nullptr) return fail(unknown(target));
    if (table->persistence == 't' || table->kind == catalog::RelationKind::kPartitionedTable)
      continue;
    if (table->kind != catalog::RelationKind::kTable)
      return fail(unkept(fmt::format("\"{}\" is not an ordinary table", table->qualified_name())));
    SLUICE_ASSIGN(const std::string copy, copied(*table));
    std::string columns;
    for (const auto& column : table->columns) {
      if (!column.generated) columns += (columns.empty() ? "" : ", ") + quote_ident(column.name);
    }
    first(fmt::format("LOCK TABLE ONLY {} IN ACCESS EXCLUSIVE MODE", name_of(*table)));
    first(fmt::format("CREATE TABLE {} AS SELECT {} FROM ONLY {}", copy, columns, name_of(*table)));
    check(fmt::format("SELECT {} WHERE pg_catalog.to_regclass({}) IS NULL",
                      literal(table->qualified_name() + " is not there any more"),
                      literal(name_of(*table))));
    restore(fmt::format("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}",
                        name_of(*table), columns, columns, copy));
    note("rows of " + table->qualified_name());
  }
  return {};
}

Result<> Keeper::drop_column(const Action& action) {
  for (const auto& target : action.targets) {
    const Relation* table = catalog_.relation(target.oid);
    if (table == nullptr) return fail(unknown(target));
    if (table->persistence == 't') continue;
    const auto* column =
        table->column(std::string_view(target.name).substr(table->name.size() + 1));
    if (column == nullptr) continue;  // IF EXISTS, or the server says so.
    SLUICE_TRY(whole(*table));
    if (const auto why = never_kept(*table); !why.empty()) return fail(unkept(why));
    const std::string full = table->qualified_name() + "." + column->name;
    std::string key, same;
    for (const auto& index : table->indexes) {
      for (const int16_t number : index.primary ? index.columns : std::vector<int16_t>()) {
        const std::string name = quote_ident(table->column(number)->name);
        if (number == column->number || column->identity)
          return fail(unkept(full + " tells the rows of its table apart"));
        key += name + ", ";
        same += (same.empty() ? "" : " AND ") + fmt::format("t.{0} = k.{0}", name);
      }
    }
    const std::string name = quote_ident(column->name);
    restore(
        fmt::format("ALTER TABLE {} ADD COLUMN {} {}{}", name_of(*table), name, column->type_name,
                    column->generated ? " GENERATED ALWAYS AS (" + column->default_text + ") STORED"
                                      : std::string()));
    check(
        fmt::format("SELECT {} WHERE EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid "
                    "= pg_catalog.to_regclass({}) AND attname = {} AND NOT attisdropped)",
                    literal("there is another " + full + " now"), literal(name_of(*table)),
                    literal(column->name)));
    note("column " + full);
    if (!column->generated) {
      SLUICE_ASSIGN(const std::string copy, copied(*table));
      first(fmt::format("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", name_of(*table)));
      first(fmt::format("CREATE TABLE {} AS SELECT {}{} FROM ONLY {}", copy, key, name,
                        name_of(*table)));
      restore(fmt::format("UPDATE ONLY {} AS t SET {} = k.{} FROM {} AS k WHERE {}",
                          name_of(*table), name, name, copy, same));
      if (column->has_default)
        restore(fmt::format("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}", name_of(*table), name,
                            column->default_text));
      if (column->not_null)
        restore(fmt::format("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL", name_of(*table), name));
    }
    const auto uses = [&](const std::vector<int16_t>& columns) {
      return std::find(columns.begin(), columns.end(), column->number) != columns.end();
    };
    std::vector<std::string> of_constraints;
    for (const auto& constraint : table->constraints) {
      if (!uses(constraint.columns)) continue;
      of_constraints.push_back(constraint.name);
      afterwards_.push_back(fmt::format("ALTER TABLE {} ADD CONSTRAINT {} {}", name_of(*table),
                                        quote_ident(constraint.name), constraint.definition));
    }
    for (const auto& index : table->indexes) {
      const bool made = std::find(of_constraints.begin(), of_constraints.end(), index.name) !=
                        of_constraints.end();
      if (uses(index.columns) && !made) afterwards_.push_back(index.definition);
    }
    if (!column->comment.empty())
      afterwards_.push_back(fmt::format("COMMENT ON COLUMN {}.{} IS {}", name_of(*table), name,
                                        literal(column->comment)));
  }
  return {};
}

/// Fails when something outside of a schema depends on something in it.
std::string outside_check(const std::string& schema) {
  return fmt::format(
      R"(DO $sluice$ BEGIN IF EXISTS (
  SELECT FROM pg_catalog.pg_depend d
    LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objid
    LEFT JOIN pg_catalog.pg_constraint n ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND n.oid = d.objid
    LEFT JOIN pg_catalog.pg_attrdef a ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND a.oid = d.objid
    LEFT JOIN pg_catalog.pg_trigger g ON d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND g.oid = d.objid
    LEFT JOIN pg_catalog.pg_policy y ON d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND y.oid = d.objid
    LEFT JOIN pg_catalog.pg_class c ON c.oid = CASE WHEN d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass THEN d.objid
      ELSE COALESCE(r.ev_class, NULLIF(n.conrelid, 0), a.adrelid, g.tgrelid, y.polrelid) END
    LEFT JOIN pg_catalog.pg_proc p ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = d.objid
    LEFT JOIN pg_catalog.pg_type t ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = d.objid
    LEFT JOIN pg_catalog.pg_class fc ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND fc.oid = d.refobjid
    LEFT JOIN pg_catalog.pg_proc fp ON d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND fp.oid = d.refobjid
    LEFT JOIN pg_catalog.pg_type ft ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND ft.oid = d.refobjid
    JOIN pg_catalog.pg_namespace s ON s.oid = COALESCE(fc.relnamespace, fp.pronamespace, ft.typnamespace)
  WHERE s.nspname = {0} AND COALESCE(c.relnamespace, p.pronamespace, t.typnamespace, n.connamespace, 0) <> s.oid
    AND d.deptype IN ('n', 'a'))
THEN RAISE EXCEPTION USING ERRCODE = '2BP01', MESSAGE = 'other schemas depend on schema ' || pg_catalog.quote_ident({0}),
  HINT = 'It could not be undone: drop what depends on it first.'; END IF; END $sluice$)",
      literal(schema));
}

Result<> Keeper::drop_schemas(const Action& action) {
  if (action.targets.size() != 1 || placed_)
    return fail(unkept("several schemas at once; drop them one by one"));
  const std::string& name = action.targets[0].name;
  if (!catalog_.has_schema(name)) return fail(unknown(action.targets[0]));
  renamed_ = placed_ = true;
  if (action.cascade) {
    try_out({"SET LOCAL search_path = pg_catalog", outside_check(name)});
  } else {
    try_out({fmt::format("DROP SCHEMA {} RESTRICT", quote_ident(name))});
  }
  for (const Relation& table : catalog_.relations()) {
    if (table.schema != name || table.kind != catalog::RelationKind::kTable) continue;
    free_from_others(table, name);
  }
  first(fmt::format("ALTER SCHEMA {} RENAME TO {}", quote_ident(name), place()));
  first(fmt::format("CREATE SCHEMA {}", quote_ident(name)));
  check(fmt::format("SELECT {} WHERE pg_catalog.to_regnamespace({}) IS NOT NULL",
                    literal("there is another schema " + name + " now"),
                    literal(quote_ident(name))));
  restore(fmt::format("ALTER SCHEMA {} RENAME TO {}", place(), quote_ident(name)));
  note("schema " + name);
  return {};
}

Result<> Keeper::take(const Action& action) {
  if (action.kind == ActionKind::kTruncate) return truncate(action);
  if (action.kind != ActionKind::kDrop) return {};
  if (action.object_kind == "table") return drop_tables(action);
  if (action.object_kind == "column") return drop_column(action);
  if (action.object_kind == "schema") return drop_schemas(action);
  return {};
}

std::optional<Keeping> Keeper::finish() && {
  if (summary_.empty()) return std::nullopt;
  if (!renamed_) keeping_.first.insert(keeping_.first.begin(), "CREATE SCHEMA " + place());
  for (auto& text : afterwards_) restore(std::move(text));
  if (!renamed_) restore("DROP SCHEMA " + place() + " CASCADE");
  // Definitions are written for the path that they were read with.
  auto& steps = keeping_.kept.restore;
  steps.insert(steps.begin(), "SET LOCAL search_path = " + sql::joined(catalog_.definition_path()));
  keeping_.summary = fmt::format("{}", fmt::join(summary_, ", "));
  return std::move(keeping_);
}

}  // namespace

Result<std::optional<Keeping>> keep_first(const sql::StatementFacts& facts,
                                          const catalog::Catalog& catalog,
                                          const std::string& schema) {
  Keeper keeper(catalog, schema);
  for (const Action& action : facts.actions) SLUICE_TRY(keeper.take(action));
  auto keeping = std::move(keeper).finish();
  if (keeping && facts.statements != 1)
    return fail(unkept("several statements in one text; send them one by one"));
  if (keeping && (facts.outside_transaction || facts.dynamic_sql))
    return fail(unkept("what it does besides cannot be known, or taken back"));
  return keeping;
}

Result<bool> changes_rows(const sql::StatementFacts& facts, const catalog::Catalog& catalog) {
  bool changes = false;
  for (const Action& action : facts.actions) {
    using enum ActionKind;
    if (action.kind != kInsert && action.kind != kUpdate && action.kind != kDelete &&
        action.kind != kMerge) {
      continue;
    }
    for (const auto& target : action.targets) {
      if (target.temporary || target.kind != catalog::RelationKind::kTable) continue;
      const Relation* table = catalog.relation(target.oid);
      if (table == nullptr) return fail(unknown(target));
      if (const auto why = never_kept(*table); !why.empty()) return fail(unkept(why));
      changes = true;
    }
  }
  // What functions write shows when it is counted.
  return changes || (facts.writes && !facts.schema_change);
}

std::string encode(const Kept& kept) {
  return json::serialize(
      json::object{{"schema", kept.schema},
                   {"checks", json::array(kept.checks.begin(), kept.checks.end())},
                   {"restore", json::array(kept.restore.begin(), kept.restore.end())}});
}

Result<Kept> decode_kept(std::string_view text) {
  json::error_code error;
  const auto value = json::parse(text, error);
  if (error) return fail(ErrorCode::kInvalidInput, "how to undo it cannot be read");
  try {  // boost::json's accessors throw.
    Kept kept;
    kept.schema = value.at("schema").as_string();
    for (const auto& check : value.at("checks").as_array())
      kept.checks.emplace_back(check.as_string());
    for (const auto& step : value.at("restore").as_array())
      kept.restore.emplace_back(step.as_string());
    return kept;
  } catch (const std::exception&) {
    return fail(ErrorCode::kInvalidInput, "how to undo it cannot be read");
  }
}

}  // namespace sluice::undo
