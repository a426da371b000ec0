#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "store/backend.h"

namespace sluice::store {

/// A prepared statement. Parameters ("?", "?2") and columns count from 1 and 0, as in SQLite.
///
/// The SQL is SQLite's as far as PostgreSQL has the same under the same name; `to_postgres` in
/// store/dialect.h says what is put differently there. Numbers of new rows come from RETURNING.
/// Text is UTF-8 without NUL; all else is bound as a blob, into columns of that type.
class Statement {
 public:
  Statement& bind(int index, int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);

  /// True while there is a row.
  Result<bool> step();
  /// Runs to the end and makes the statement ready to be bound anew.
  Result<> run();
  /// The same; returns the number that RETURNING gives of the one row.
  Result<int64_t> run_returning();
  void reset();

  int64_t integer(int column) const;
  std::string text(int column) const;

 private:
  friend class Database;
  explicit Statement(std::unique_ptr<StatementBackend> backend) : backend_(std::move(backend)) {}
  std::unique_ptr<StatementBackend> backend_;
};

/// A database: an SQLite file, or a PostgreSQL server that gateways share. One connection, one
/// thread at a time; it may wait, so that none of the workers' threads may use it.
class Database {
 public:
  /// Opens or creates an SQLite file (mode 0600), in WAL mode.
  static Result<Database> open(const std::filesystem::path& file);
  explicit Database(std::unique_ptr<Backend> backend) : backend_(std::move(backend)) {}

  Result<> execute(const std::string& sql);
  Result<Statement> prepare(std::string_view sql);
  /// Rows that the last INSERT, UPDATE or DELETE concerned.
  int64_t changes() const;

  /// Brings the schema up to date: `steps[i]` leads from version i to i + 1; forward only.
  Result<> migrate(std::span<const char* const> steps);
  Result<> migrate(std::initializer_list<const char*> steps) {
    return migrate(std::span(steps.begin(), steps.size()));
  }

  /// Changes with every commit of another connection, this process or not (and, on PostgreSQL, of
  /// this one too).
  Result<int64_t> data_version();

 private:
  friend class Transaction;
  std::unique_ptr<Backend> backend_;
  int depth_ = 0;  ///< open transactions within each other
};

/// Rolls back unless `commit` is called. One at a time over all connections to a database, of
/// whatever process on whatever machine: what is read in it stays as it is until its end. One
/// within another is a part of it that can be taken back alone.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database) { return begin(database, false); }
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<> commit();

 private:
  friend class Database;
  static Result<Transaction> begin(Database& database, bool long_work);
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace sluice::store
