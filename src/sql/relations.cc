// Relations that are read, and what stands behind them: views, children.
#include <algorithm>
#include <array>

#include "sql/walker.h"

namespace sluice::sql {
namespace {

/// A statement that comes down to more reads of relations than these is refused, as a server would
/// better do: views of views multiply.
constexpr size_t kMaxReads = 100'000;

/// Relations of pg_catalog that give away rows, secrets, statistics of rows or other sessions'
/// statements.
constexpr std::array<std::string_view, 19> kTelling = {"pg_authid",
                                                       "pg_cursors",
                                                       "pg_file_settings",
                                                       "pg_hba_file_rules",
                                                       "pg_ident_file_mappings",
                                                       "pg_largeobject",
                                                       "pg_prepared_statements",
                                                       "pg_shadow",
                                                       "pg_stat_activity",
                                                       "pg_stat_statements",
                                                       "pg_statistic",
                                                       "pg_statistic_ext_data",
                                                       "pg_stats",
                                                       "pg_stats_ext",
                                                       "pg_stats_ext_exprs",
                                                       "pg_subscription",
                                                       "pg_user_mapping",
                                                       "pg_user_mappings",
                                                       "pg_foreign_server"};

bool is_catalog(std::string_view schema) {
  return schema == "pg_catalog" || schema == "information_schema";
}

/// Options of foreign servers, tables and user mappings hold passwords; `_pg_…` views stand behind
/// them.
bool is_telling(std::string_view name) {
  return std::find(kTelling.begin(), kTelling.end(), name) != kTelling.end() ||
         name == "user_mapping_options" || name == "_pg_user_mappings" ||
         name == "foreign_server_options" || name == "_pg_foreign_servers";
}

bool has_definition(const catalog::Relation& relation) {
  return relation.is_view() && !is_catalog(relation.schema);
}

}  // namespace

void Walker::note_read(const Object& object, const catalog::Relation* relation) {
  if (context_.muted) return;
  // The server's settings tell passwords only where some have one, and this login may see it.
  const bool tells_secrets = object.name == "pg_settings" && resolver_.catalog() != nullptr &&
                             !resolver_.catalog()->secret_settings().empty();
  const bool harmless = is_catalog(object.schema) && !is_telling(object.name) && !tells_secrets &&
                        (relation == nullptr || relation->system());
  const ActionKind kind = harmless ? ActionKind::kReadCatalog : ActionKind::kRead;
  const size_t action = gather_.shared_action(kind);
  gather_.action(action).lock = std::max(gather_.action(action).lock, LockLevel::kAccessShare);
  gather_.add_target(action, object);
  if (relation != nullptr && !read_recorders_.empty()) read_recorders_.back()->insert(relation);
  weigh(1);
}

void Walker::weigh(size_t reads) {
  weight_ += reads;
  if (weight_ > kMaxReads) fail("the statement reads through too many views", "54001");
}

void Walker::tell_again(const Body& body) {
  const size_t weight = weight_;
  for (const catalog::Relation* relation : body.reads) {
    note_read(Resolver::object(*relation, true), relation);
  }
  weight_ = weight;
  weigh(body.weight);
}

void Walker::descendants(const catalog::Relation& relation,
                         std::vector<const catalog::Relation*>& out) {
  std::set<Oid> seen = {relation.oid};
  std::vector<Oid> open(relation.children.begin(), relation.children.end());
  while (!open.empty() && spend()) {
    const Oid oid = open.back();
    open.pop_back();
    const catalog::Relation* child = resolver_.relation(oid);
    if (child == nullptr || !seen.insert(oid).second) continue;
    out.push_back(child);
    open.insert(open.end(), child->children.begin(), child->children.end());
  }
}

RowsPtr Walker::read_relation(const Name& name, bool only) {
  const catalog::Relation* relation = resolver_.relation(name);
  if (relation != nullptr) return read(*relation, only, context_.reached);
  note_read(resolver_.object(name, nullptr, context_.reached), nullptr);
  auto rows = std::make_shared<Rows>();
  rows->open = rows->many = true;
  rows->rest = unknown_value();
  return rows;
}

RowsPtr Walker::read(const catalog::Relation& relation, bool only, bool reached) {
  note_read(Resolver::object(relation, reached), &relation);
  meet_relation(relation, false);
  policies(relation);
  if (has_definition(relation)) return view_rows(relation);
  if (!only && !relation.children.empty()) {
    std::vector<const catalog::Relation*> children;
    descendants(relation, children);
    for (const auto* child : children) note_read(Resolver::object(*child, true), child);
  }
  auto rows = std::make_shared<Rows>();
  rows->table = &relation;
  rows->many = true;
  rows->open = relation.columns.empty();
  if (rows->open) rows->rest = value_of({relation.oid, 0});
  return rows;
}

RowsPtr Walker::view_rows(const catalog::Relation& view) {
  const Within within(*this);
  context_.owned = context_.owned || view.persistence != 't';
  const auto known = bodies_.find(body_key(view.oid));
  if (known != bodies_.end()) {
    if (known->second.busy) return unknown_rows();
    tell_again(known->second);
    return known->second.rows;
  }
  if (!enter_body()) return unknown_rows();
  Body& body = bodies_[body_key(view.oid)];
  // A materialized view holds its rows: they come from its tables, which are not read now.
  const bool stored = view.kind == catalog::RelationKind::kMaterializedView;
  context_.muted = context_.muted || stored;
  const size_t weight = weight_;
  read_recorders_.push_back(&body.reads);
  const RowsPtr yielded = view_sources(view);
  read_recorders_.pop_back();
  body.weight = weight_ - weight;
  if (!read_recorders_.empty()) {
    read_recorders_.back()->insert(body.reads.begin(), body.reads.end());
  }
  auto rows = std::make_shared<Rows>();
  rows->many = true;
  for (size_t i = 0; i < view.columns.size(); ++i) {
    Value value = yielded->at(i);
    if (stored) value.add(value_of({view.oid, view.columns[i].number}));
    rows->columns.push_back({view.columns[i].name, std::move(value)});
  }
  if (view.columns.empty()) {
    rows->open = true;
    rows->rest = yielded->whole(yielded).scalar();
  }
  body.rows = rows;
  body.busy = false;
  return rows;
}

RowsPtr Walker::view_sources(const catalog::Relation& view) {
  const Within within(*this);
  ++context_.depth;
  context_.reached = true;
  // One's own looks at what others have put under it since.
  context_.owned = context_.owned || view.persistence != 't';
  context_.collected = nullptr;
  context_.arguments = 0;
  context_.variables = false;
  auto* arguments = std::exchange(gather_.arguments, nullptr);
  auto path = use_definition_path();
  RowsPtr yielded = unknown_rows();
  const bool good = with_body(view.view_definition, [&](const Node& root) {
    for_each(root, "stmts", [&](const Node& raw) {
      if (const auto wrapper = field(raw, "stmt")) yielded = rows_of(*wrapper, nullptr, nullptr);
    });
  });
  resolver_.use_path(std::move(path));
  gather_.arguments = arguments;
  if (!good) fail("view " + view.qualified_name() + " cannot be understood", "0A000");
  return yielded;
}

}  // namespace sluice::sql
