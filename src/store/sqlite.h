#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sluice::store {

/// A prepared statement. Parameters and columns count from 1 and 0, as in SQLite.
class Statement {
 public:
  Statement(Statement&&) = default;
  Statement& operator=(Statement&&) = default;

  Statement& bind(int index, int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);

  /// True while there is a row.
  Result<bool> step();
  /// Runs to the end and makes the statement ready to be bound anew.
  Result<> run();
  void reset();

  int64_t integer(int column) const;
  std::string text(int column) const;

 private:
  friend class Database;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(sqlite3* database, sqlite3_stmt* statement)
      : database_(database), statement_(statement) {}
  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
};

/// An SQLite database in WAL mode. One connection, one thread at a time.
class Database {
 public:
  /// Opens or creates the file (mode 0600).
  static Result<Database> open(const std::filesystem::path& file);
  Database(Database&&) = default;
  Database& operator=(Database&&) = default;

  Result<> execute(const std::string& sql);
  Result<Statement> prepare(std::string_view sql);
  int64_t changes() const;
  int64_t last_insert_id() const;

  /// Brings the schema up to date: `steps[i]` leads from version i to i + 1; forward only.
  Result<> migrate(std::initializer_list<const char*> steps);

  /// Changes with every commit of another connection, this process or not.
  Result<int64_t> data_version();

 private:
  struct Closer {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : database_(database) {}
  std::unique_ptr<sqlite3, Closer> database_;
};

/// Rolls back unless `commit` is called.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace sluice::store
