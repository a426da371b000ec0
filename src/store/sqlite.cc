#include "store/sqlite.h"

#include <chrono>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace sluice::store {
namespace {

tl::unexpected<Error> failed(sqlite3* database, std::string_view what) {
  const int code = sqlite3_errcode(database) & 0xFF;
  return fail(code == SQLITE_CONSTRAINT ? ErrorCode::kExists : ErrorCode::kIo,
              std::string(what) + ": " + sqlite3_errmsg(database));
}

}  // namespace

void Statement::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Statement& Statement::bind(int index, int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  sqlite3_bind_text(statement_.get(), index, text.data() == nullptr ? "" : text.data(),
                    static_cast<int>(text.size()), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  sqlite3_bind_blob(statement_.get(), index, bytes.data() == nullptr ? "" : bytes.data(),
                    static_cast<int>(bytes.size()), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind_null(int index) {
  sqlite3_bind_null(statement_.get(), index);
  return *this;
}

Result<bool> Statement::step() {
  const int rc = sqlite3_step(statement_.get());
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) return false;
  return failed(database_, "store");
}

Result<> Statement::run() {
  Result<bool> more = true;
  while (more && *more) more = step();
  reset();
  if (!more) return fail(std::move(more.error()));
  return {};
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
}

void Database::Closer::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Result<Database> Database::open(const std::filesystem::path& file) {
  // SQLite would create it readable by the umask; its side files take the mode of this one. One
  // that exists must not be opened here: closing it would give up the locks that other connections
  // of this process hold, and another process would then clear the log away under them.
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno != EEXIST) return fail(io_error("open " + file.string(), errno));
  if (fd >= 0) ::close(fd);
  sqlite3* raw = nullptr;
  const int rc = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  Database database(raw);
  if (rc != SQLITE_OK) return failed(raw, "open " + file.string());
  sqlite3_busy_timeout(raw, 5000);
  // Two that open a new file at once: one is told that it is locked without any waiting.
  for (int i = 0;; ++i) {
    auto set = database.execute("PRAGMA journal_mode = WAL");
    if (set) break;
    if (i == 100 || (sqlite3_errcode(raw) & 0xFF) != SQLITE_BUSY) return fail(set.error());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  SLUICE_TRY(database.execute("PRAGMA foreign_keys = ON"));
  return database;
}

Result<> Database::execute(const std::string& sql) {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return failed(database_.get(), "store");
  }
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &statement,
                         nullptr) != SQLITE_OK) {
    return failed(database_.get(), "store");
  }
  return Statement(database_.get(), statement);
}

int64_t Database::changes() const { return sqlite3_changes64(database_.get()); }
int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(database_.get()); }

Result<> Database::migrate(std::initializer_list<const char*> steps) {
  SLUICE_ASSIGN(auto transaction, Transaction::begin(*this));
  SLUICE_ASSIGN(auto query, prepare("PRAGMA user_version"));
  SLUICE_ASSIGN([[maybe_unused]] const bool row, query.step());
  const auto version = static_cast<size_t>(query.integer(0));
  query.reset();
  if (version > steps.size()) {
    return fail(ErrorCode::kUnavailable,
                "the store was written by a newer version of sluice: use that or a newer one");
  }
  for (size_t i = version; i < steps.size(); ++i) SLUICE_TRY(execute(steps.begin()[i]));
  SLUICE_TRY(execute("PRAGMA user_version = " + std::to_string(steps.size())));
  return transaction.commit();
}

Result<int64_t> Database::data_version() {
  SLUICE_ASSIGN(auto query, prepare("PRAGMA data_version"));
  SLUICE_ASSIGN([[maybe_unused]] const bool row, query.step());
  return query.integer(0);
}

Result<Transaction> Transaction::begin(Database& database) {
  SLUICE_TRY(database.execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ != nullptr) (void)database_->execute("ROLLBACK");
}

Result<> Transaction::commit() {
  SLUICE_TRY(database_->execute("COMMIT"));
  database_ = nullptr;
  return {};
}

}  // namespace sluice::store
