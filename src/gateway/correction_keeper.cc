#include "gateway/correction_keeper.h"

#include <algorithm>

#include <fmt/format.h>

namespace sluice::gateway {

Result<> check_class(const std::string& cls) {
  if (cls == store::kAuto || privacy::find_class(cls)) return {};
  std::string names;
  for (const auto& each : privacy::classes()) names += std::string(each.name) + ", ";
  return fail(ErrorCode::kInvalidInput,
              fmt::format("there is no class \"{}\"; classes are: {}none, and auto for what is "
                          "found out",
                          cls, names));
}

namespace {

/// The column of a table with values of its own. Views show what their tables hold.
Result<> check_column(const privacy::Labels& labels, const store::ColumnCorrection& wanted) {
  for (const auto& [oid, table] : labels.tables()) {
    if (table->schema != wanted.schema || table->name != wanted.table) continue;
    for (const auto& column : table->columns) {
      if (column.name != wanted.column) continue;
      if (oid >= catalog::kFirstUserOid) return {};
      return fail(ErrorCode::kDenied, "what the system's tables show is not a matter of classes");
    }
  }
  return fail(
      ErrorCode::kNotFound,
      fmt::format("no column \"{}\" in a table {}.{} of {}; see: sluice data list {} "
                  "--all (views follow the tables they read)",
                  wanted.column, wanted.schema, wanted.table, wanted.database, wanted.database));
}

}  // namespace

Result<std::unique_ptr<CorrectionKeeper>> CorrectionKeeper::open(store::Database database) {
  std::unique_ptr<CorrectionKeeper> keeper(new CorrectionKeeper(std::move(database)));
  SLUICE_TRY(keeper->refresh_locked(nullptr));
  return keeper;
}

Corrections CorrectionKeeper::in_force() const {
  const std::lock_guard lock(mutex_);
  return in_force_;
}

Result<int64_t> CorrectionKeeper::set(Gateway& gateway, const store::ColumnCorrection& next) {
  SLUICE_TRY(check_class(next.cls));
  // Before the lock: it may have to wait for the server.
  SLUICE_ASSIGN(const auto labels, gateway.labels(next.database));
  SLUICE_TRY(check_column(*labels, next));
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(const int64_t number, store::add_column_correction(database_, next));
  SLUICE_TRY(refresh_locked(&gateway));
  return number;
}

Result<> CorrectionKeeper::keep_copies(Gateway& gateway) {
  const auto copies = gateway.copies();
  if (copies.empty()) return {};
  const std::lock_guard lock(mutex_);
  for (const auto& [database, copy] : copies) {
    store::ColumnCorrection next;
    next.database = database;
    next.schema = copy.schema;
    next.table = copy.table;
    next.column = copy.column;
    next.cls = privacy::info(copy.cls).name;
    next.author = std::string(privacy::kCopyOf) + copy.from;
    next.comment = "a statement has put values of it there";
    SLUICE_TRY(store::add_column_correction(database_, next));
  }
  return refresh_locked(&gateway);
}

Result<> CorrectionKeeper::refresh(Gateway& gateway) {
  const std::lock_guard lock(mutex_);
  return refresh_locked(&gateway);
}

Result<> CorrectionKeeper::refresh_locked(Gateway* gateway) {
  SLUICE_ASSIGN(const auto stored, store::column_corrections_in_force(database_));
  Corrections next;
  std::vector<int64_t> numbers;
  for (const auto& each : stored) {
    const auto cls = privacy::find_class(each.cls);
    if (!cls) {
      // Somebody said that it is sensitive: going on without would show it.
      return fail(ErrorCode::kInvalidInput,
                  fmt::format("correction {} names the class \"{}\", which this version does not "
                              "know",
                              each.number, each.cls));
    }
    numbers.push_back(each.number);
    next[each.database].push_back({each.schema, each.table, each.column, *cls, each.author});
  }
  std::sort(numbers.begin(), numbers.end());
  if (numbers == numbers_) return {};
  if (gateway != nullptr) gateway->set_corrections(next);
  numbers_ = std::move(numbers);
  in_force_ = std::move(next);
  return {};
}

Result<std::vector<store::ColumnCorrection>> CorrectionKeeper::history() {
  const std::lock_guard lock(mutex_);
  return store::column_corrections(database_);
}

}  // namespace sluice::gateway
