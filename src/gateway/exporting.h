#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/event.h"
#include "catalog/loader.h"
#include "gateway/masking.h"
#include "gateway/stated.h"
#include "policy/decision.h"
#include "provenance/receipt.h"
#include "sql/statement_facts.h"

namespace sluice::gateway {

/// What is known of data that are to leave for training before their statement runs.
struct ExportTerms {
  Stated stated;
  provenance::Snapshot snapshot;  ///< without `lsn`: the server was not asked, as it would fail
};

/// Data on their way out, as the receipt for them is made.
struct Exporting {
  explicit Exporting(std::shared_ptr<const ExportTerms> what);
  Exporting(const Exporting&) = delete;
  Exporting& operator=(const Exporting&) = delete;

  std::string id;
  std::shared_ptr<const ExportTerms> terms;  ///< never null
  provenance::RowTree tree;
  bool begun = false;  ///< the server has described what comes
  bool last = true;    ///< Receipt::last
  std::vector<provenance::Column> columns;
  std::vector<std::string> tables;
  std::optional<provenance::CopyForm> form;
  std::unique_ptr<provenance::CopyRows> copy;
  std::string told;  ///< audit::Event::receipt
};

/// Whether rows that it returns may be data: of tables, views, functions, cursors, prepared
/// statements; not of the system's catalog, settings or plans.
bool returns_data(const sql::StatementFacts& facts);
/// Why no receipt could be made for what it returns; null: one can, or none is due.
std::shared_ptr<const policy::Decision> no_receipt_for(const sql::StatementFacts& facts,
                                                       const Stated& stated);

/// Why a result is cut off at a row that is longer than rows are looked at.
std::shared_ptr<const policy::Decision> too_long_a_row(size_t bytes, bool exported);

/// Of a Bind that came in parts, which cannot wait.
std::shared_ptr<const policy::Decision> too_long_to_export();
/// Of an Execute whose rows no receipt would be made for.
std::shared_ptr<const policy::Decision> bound_without_terms();

/// The statement that asks the server what state is read, and its answer. `same`: it was asked in
/// the transaction that reads it.
std::string snapshot_question();
std::optional<provenance::Snapshot> snapshot_of(const std::vector<catalog::Rows>& results,
                                                bool same);

/// What of a receipt the record of its statement and the session say.
provenance::Receipt receipt_of(const Exporting& out, const audit::SessionContext& who,
                               const audit::Event& event);

provenance::CopyForm copy_form(const sql::CopyOut& copy);

/// The columns of a result: by the server's description or, of COPY, by the facts; with where they
/// come from (`result` null: not known) and how they are masked (`plan` null: not at all).
Result<std::vector<provenance::Column>> columns_of(Bytes row_description,
                                                   const sql::StatementResult* result,
                                                   const catalog::Catalog* catalog,
                                                   const RowPlan* plan);

}  // namespace sluice::gateway
