#include "gateway/exporting.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/random.h"
#include "gateway/refusals.h"
#include "gateway/server_rules.h"
#include "wire/postgres/row_description.h"

namespace sluice::gateway {
namespace {

using provenance::Column;

bool touches_data(const sql::StatementFacts& facts) {
  using enum sql::ActionKind;
  if (facts.kind == "SHOW") return false;
  return std::any_of(facts.actions.begin(), facts.actions.end(), [](const sql::Action& action) {
    if (action.kind == kRead && action.targets.empty()) return false;  // SELECT 1
    return action.kind != kReadCatalog && action.kind != kSessionSetting &&
           action.kind != kTransaction && action.kind != kNotify && action.kind != kLock;
  });
}

bool sends_rows(const sql::StatementResult& result) {
  return (result.returns_rows || result.copy) && !result.explained;
}

std::string name_of(const catalog::Catalog& catalog, sql::ColumnRef ref) {
  const auto* relation = catalog.relation(ref.relation);
  if (relation == nullptr) return {};
  if (ref.column == 0) return relation->qualified_name() + ".*";
  const auto* column = relation->column(ref.column);
  return column == nullptr ? std::string() : relation->qualified_name() + "." + column->name;
}

void add_sources(const sql::OutputColumn& from, const catalog::Catalog* catalog, Column& to) {
  to.unknown = from.unknown || catalog == nullptr;
  to.as_is = !from.unknown && from.sources.size() == 1 && from.sources[0].as_is;
  for (const auto& source : from.sources) {
    auto name = catalog == nullptr ? std::string() : name_of(*catalog, source.column);
    if (name.empty()) {
      to.unknown = true;
    } else if (std::find(to.sources.begin(), to.sources.end(), name) == to.sources.end()) {
      to.sources.push_back(std::move(name));
    }
  }
}

void add_masking(const RowPlan& plan, size_t i, Column& to) {
  if (!plan.masker || i >= plan.notes.size()) return;
  const auto& note = plan.notes[i];
  if (note.cls != privacy::Class::kNone) to.cls = privacy::name(note.cls);
  if (plan.masker->masks(i)) {
    to.masked = i < plan.methods.size() && !plan.methods[i].empty() ? plan.methods[i] : "redact";
    to.as_is = false;
  }
  to.rule = note.rule;
}

std::shared_ptr<const policy::Decision> refused(std::string message, std::string hint) {
  return refusal("training-receipt", "42501", std::move(message), std::move(hint));
}

}  // namespace

Exporting::Exporting(std::shared_ptr<const ExportTerms> what)
    : id(to_hex(random_string(8))), terms(std::move(what)) {}

bool returns_data(const sql::StatementFacts& facts) {
  return touches_data(facts) && std::any_of(facts.results.begin(), facts.results.end(), sends_rows);
}

std::shared_ptr<const policy::Decision> no_receipt_for(const sql::StatementFacts& facts,
                                                       const Stated& stated) {
  if (!stated.trains() || !returns_data(facts)) return nullptr;
  if (stated.dataset.empty()) {
    return refused("data for training leave under the name of a data set",
                   "Name it first: SET sluice.dataset = 'churn-2026-11'");
  }
  if (facts.statements > 1) {
    return refused("a receipt is for the rows of one statement", "Send the statements one by one.");
  }
  const bool past = std::any_of(facts.results.begin(), facts.results.end(), [](const auto& result) {
    return result.copy && !result.copy->to_stdout;
  });
  if (past) {
    return refused("no receipt can be made for what the server writes into files or programs",
                   "Use COPY … TO STDOUT.");
  }
  return nullptr;
}

std::shared_ptr<const policy::Decision> too_long_a_row(size_t bytes, bool exported) {
  return refusal(exported ? "training-receipt" : "capture", "54000",
                 fmt::format("a row of {} bytes is longer than {} ({})", bytes,
                             exported ? "goes into a receipt" : "is kept", kLongestMaskedRow),
                 "Leave the long column out.");
}

std::shared_ptr<const policy::Decision> too_long_to_export() {
  return refused("no receipt can be made for a statement whose parameters are so long",
                 "Copy them into a temporary table, and join that.");
}

std::shared_ptr<const policy::Decision> bound_without_terms() {
  return refused("no receipt can be made for rows of a portal that was bound before",
                 "Bind it again, now that the purpose is stated; rows of cursors leave by FETCH.");
}

std::string snapshot_question() {
  return "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN "
         "pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END, "
         "pg_catalog.pg_current_snapshot(), pg_catalog.current_setting('transaction_isolation'), "
         "pg_catalog.pg_is_in_recovery()";
}

std::optional<provenance::Snapshot> snapshot_of(const std::vector<catalog::Rows>& results,
                                                bool same) {
  if (results.size() != 1 || results[0].size() != 1 || results[0][0].size() != 4) {
    return std::nullopt;
  }
  const auto& row = results[0][0];
  for (const auto& value : row) {
    if (!value) return std::nullopt;
  }
  provenance::Snapshot out{std::string(*row[0]), std::string(*row[1]), std::string(*row[2]),
                           *row[3] == "t", false};
  // READ COMMITTED takes a new one for each statement.
  out.exact = same && (out.isolation == "repeatable read" || out.isolation == "serializable");
  return out;
}

provenance::Receipt receipt_of(const Exporting& out, const audit::SessionContext& who,
                               const audit::Event& event) {
  const auto hex = [](Bytes bytes) {
    const auto digest = sha256(bytes);
    return to_hex({digest.data(), digest.size()});
  };
  provenance::Receipt r;
  r.id = out.id;
  r.dataset = out.terms->stated.dataset;
  r.model = out.terms->stated.model;
  r.session = who.session_id;
  r.user = who.user;
  r.kind = who.kind;
  r.end_user = who.end_user;
  r.application = who.application;
  r.actors = who.actors;
  r.database = who.database;
  r.environment = who.environment;
  r.statement = event.kind;
  r.query_sha256 = hex(event.text);
  if (!event.parameters_digest.empty()) {
    r.parameters_sha256 = to_hex(event.parameters_digest);
  } else if (!event.parameters.empty()) {
    r.parameters_sha256 = hex(event.parameters);
  }
  r.policy_version = event.policy_version;
  r.rule = event.rule;
  r.snapshot = out.terms->snapshot;
  r.columns = out.columns;
  r.tables = out.tables;
  std::set<std::string> classes;
  for (const auto& column : r.columns) {
    if (!column.cls.empty()) classes.insert(column.cls);
  }
  r.classes.assign(classes.begin(), classes.end());
  r.rows = out.tree.size();
  r.root = out.tree.root();
  r.copy = out.form;
  r.last = out.last;
  return r;
}

provenance::CopyForm copy_form(const sql::CopyOut& copy) {
  if (copy.format == "binary") return {.format = provenance::CopyFormat::kBinary};
  provenance::CopyForm form;
  if (copy.format == "csv") form = provenance::CopyForm::csv();
  form.delimiter = copy.delimiter;
  form.null_text = copy.null_text;
  form.header = copy.header;
  if (copy.format == "csv") {
    form.quote = copy.quote;
    form.escape = copy.escape;
  }
  return form;
}

Result<std::vector<Column>> columns_of(Bytes row_description, const sql::StatementResult* result,
                                       const catalog::Catalog* catalog, const RowPlan* plan) {
  std::vector<Column> out;
  const bool copy = row_description.empty();
  if (copy) {
    for (const auto& column : result->columns) {
      out.emplace_back().name = column.name;
      out.back().binary = result->copy && result->copy->format == "binary";
    }
  } else {
    SLUICE_ASSIGN(const auto fields, wire::postgres::decode_row_description(row_description));
    for (const auto& field : fields) {
      out.emplace_back().name = field.name;
      out.back().binary = field.format == 1;
    }
  }
  const bool told =
      result != nullptr && !result->unknown_columns && result->columns.size() == out.size();
  for (size_t i = 0; i < out.size(); ++i) {
    if (told) {
      add_sources(result->columns[i], catalog, out[i]);
    } else {
      out[i].unknown = true;
    }
    if (plan != nullptr) add_masking(*plan, i, out[i]);
  }
  return out;
}

}  // namespace sluice::gateway
