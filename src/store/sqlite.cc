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

struct Closer {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

class SqliteStatement : public StatementBackend {
 public:
  SqliteStatement(sqlite3* database, sqlite3_stmt* statement)
      : database_(database), statement_(statement) {}

  void bind(int index, int64_t value) override {
    sqlite3_bind_int64(statement_.get(), index, value);
  }
  void bind_text(int index, std::string_view text) override {
    sqlite3_bind_text(statement_.get(), index, text.data() == nullptr ? "" : text.data(),
                      static_cast<int>(text.size()), SQLITE_TRANSIENT);
  }
  void bind_blob(int index, std::string_view bytes) override {
    sqlite3_bind_blob(statement_.get(), index, bytes.data() == nullptr ? "" : bytes.data(),
                      static_cast<int>(bytes.size()), SQLITE_TRANSIENT);
  }
  void bind_null(int index) override { sqlite3_bind_null(statement_.get(), index); }

  Result<bool> step() override {
    const int rc = sqlite3_step(statement_.get());
    if (rc == SQLITE_ROW) return true;
    if (rc == SQLITE_DONE) return false;
    return failed(database_, "store");
  }
  void reset() override { sqlite3_reset(statement_.get()); }

  int64_t integer(int column) const override {
    return sqlite3_column_int64(statement_.get(), column);
  }
  std::string text(int column) const override {
    const void* data = sqlite3_column_blob(statement_.get(), column);
    const int size = sqlite3_column_bytes(statement_.get(), column);
    return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
  }

 private:
  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Closer> statement_;
};

class Sqlite : public Backend {
 public:
  explicit Sqlite(sqlite3* database) : database_(database) {}

  Result<> execute(const std::string& sql) override {
    if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK)
      return {};
    return failed(database_.get(), "store");
  }

  Result<std::unique_ptr<StatementBackend>> prepare(std::string_view sql) override {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &statement,
                           nullptr) != SQLITE_OK) {
      return failed(database_.get(), "store");
    }
    return std::make_unique<SqliteStatement>(database_.get(), statement);
  }

  int64_t changes() const override { return sqlite3_changes64(database_.get()); }

  Result<> begin(bool /*long_work*/) override { return execute("BEGIN IMMEDIATE"); }
  Result<> commit() override { return execute("COMMIT"); }
  void rollback() override { (void)execute("ROLLBACK"); }

  Result<size_t> schema_version() override {
    SLUICE_ASSIGN(const int64_t version, pragma("PRAGMA user_version"));
    return static_cast<size_t>(version);
  }
  Result<> before_steps() override { return {}; }
  Result<> after_steps(size_t version) override {
    return execute("PRAGMA user_version = " + std::to_string(version));
  }

  Result<int64_t> data_version() override { return pragma("PRAGMA data_version"); }

  bool is_busy() const { return (sqlite3_errcode(database_.get()) & 0xFF) == SQLITE_BUSY; }

 private:
  Result<int64_t> pragma(std::string_view sql) {
    SLUICE_ASSIGN(auto query, prepare(sql));
    SLUICE_ASSIGN([[maybe_unused]] const bool row, query->step());
    return query->integer(0);
  }

  std::unique_ptr<sqlite3, Closer> database_;
};

}  // namespace

Result<std::unique_ptr<Backend>> open_sqlite(const std::filesystem::path& file) {
  // SQLite would create it readable by the umask; its side files take the mode of this one. One
  // that exists must not be opened here: closing it would give up the locks that other connections
  // of this process hold, and another process would then clear the log away under them.
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno != EEXIST) return fail(io_error("open " + file.string(), errno));
  if (fd >= 0) ::close(fd);
  sqlite3* raw = nullptr;
  const int rc = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  auto database = std::make_unique<Sqlite>(raw);
  if (rc != SQLITE_OK) return failed(raw, "open " + file.string());
  sqlite3_busy_timeout(raw, 5000);
  // Two that open a new file at once: one is told that it is locked without any waiting.
  for (int i = 0;; ++i) {
    auto set = database->execute("PRAGMA journal_mode = WAL");
    if (set) break;
    if (i == 100 || !database->is_busy()) return fail(set.error());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  SLUICE_TRY(database->execute("PRAGMA foreign_keys = ON"));
  return database;
}

}  // namespace sluice::store
