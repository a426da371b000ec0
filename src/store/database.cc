#include "store/database.h"

#include "store/sqlite.h"

namespace sluice::store {
namespace {

std::string savepoint(int depth) { return "sluice_" + std::to_string(depth); }

}  // namespace

Statement& Statement::bind(int index, int64_t value) {
  backend_->bind(index, value);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  backend_->bind_text(index, text);
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  backend_->bind_blob(index, bytes);
  return *this;
}

Statement& Statement::bind_null(int index) {
  backend_->bind_null(index);
  return *this;
}

Result<bool> Statement::step() { return backend_->step(); }

Result<> Statement::run() {
  Result<bool> more = true;
  while (more && *more) more = step();
  reset();
  if (!more) return fail(std::move(more.error()));
  return {};
}

Result<int64_t> Statement::run_returning() {
  auto row = step();
  const int64_t number = row && *row ? integer(0) : 0;
  while (row && *row) row = step();
  reset();
  if (!row) return fail(std::move(row.error()));
  return number;
}

void Statement::reset() { backend_->reset(); }
int64_t Statement::integer(int column) const { return backend_->integer(column); }
std::string Statement::text(int column) const { return backend_->text(column); }

Result<Database> Database::open(const std::filesystem::path& file) {
  SLUICE_ASSIGN(auto backend, open_sqlite(file));
  return Database(std::move(backend));
}

Result<> Database::execute(const std::string& sql) { return backend_->execute(sql); }

Result<Statement> Database::prepare(std::string_view sql) {
  SLUICE_ASSIGN(auto statement, backend_->prepare(sql));
  return Statement(std::move(statement));
}

int64_t Database::changes() const { return backend_->changes(); }

Result<> Database::migrate(std::span<const char* const> steps) {
  SLUICE_ASSIGN(size_t version, backend_->schema_version());
  if (version == steps.size()) return {};
  SLUICE_ASSIGN(auto transaction, Transaction::begin(*this, true));
  SLUICE_TRY(backend_->before_steps());
  // Somebody else may have taken them in the meantime.
  SLUICE_ASSIGN(version, backend_->schema_version());
  if (version > steps.size()) {
    return fail(ErrorCode::kUnavailable,
                "the store was written by a newer version of sluice: use that or a newer one");
  }
  for (size_t i = version; i < steps.size(); ++i) SLUICE_TRY(execute(steps[i]));
  SLUICE_TRY(backend_->after_steps(steps.size()));
  return transaction.commit();
}

Result<int64_t> Database::data_version() { return backend_->data_version(); }

Result<Transaction> Transaction::begin(Database& database, bool long_work) {
  if (database.depth_ == 0) {
    SLUICE_TRY(database.backend_->begin(long_work));
  } else {
    SLUICE_TRY(database.execute("SAVEPOINT " + savepoint(database.depth_)));
  }
  ++database.depth_;
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ == nullptr) return;
  if (--database_->depth_ == 0) {
    database_->backend_->rollback();
    return;
  }
  const std::string name = savepoint(database_->depth_);
  (void)database_->execute("ROLLBACK TO " + name + "; RELEASE " + name);
}

Result<> Transaction::commit() {
  if (database_->depth_ == 1) {
    SLUICE_TRY(database_->backend_->commit());
  } else {
    SLUICE_TRY(database_->execute("RELEASE " + savepoint(database_->depth_ - 1)));
  }
  --database_->depth_;
  database_ = nullptr;
  return {};
}

}  // namespace sluice::store
