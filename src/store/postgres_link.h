#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

struct pg_conn;
struct pg_result;

namespace sluice::store {

/// A parameter as PostgreSQL takes it.
struct PostgresValue {
  enum class Type : uint8_t { kNull, kInteger, kText, kBlob };
  Type type = Type::kNull;
  std::string bytes;  ///< binary format
};

/// What one statement has come to: its rows, or how many it concerned.
class PostgresAnswer {
 public:
  PostgresAnswer() = default;
  explicit PostgresAnswer(pg_result* result) : result_(result) {}

  size_t rows() const;
  int64_t affected() const;
  /// "COMMIT", "INSERT 0 1".
  std::string_view tag() const;
  int64_t integer(size_t row, int column) const;
  std::string text(size_t row, int column) const;

 private:
  struct Clearer {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clearer> result_;
};

/// One connection to a PostgreSQL server, by libpq. Nothing is waited for longer than a deadline;
/// what does not come by then ends the connection, and so does all that the server does not answer
/// with a result or an error.
class PostgresLink {
 public:
  /// `options` as libpq names them. Errors: kUnavailable, kTimeout.
  static Result<PostgresLink> connect(
      const std::vector<std::pair<std::string, std::string>>& options, Duration longest);

  /// One or more statements in one text; what the last has come to. Errors: kExists where a
  /// constraint is broken, kUnavailable, kTimeout, kInvalidInput, kIo.
  Result<PostgresAnswer> run(const std::string& sql, Duration longest);
  /// One statement with parameters.
  Result<PostgresAnswer> run(const std::string& sql, const std::vector<PostgresValue>& values,
                             Duration longest);
  /// False once it has ended, also where the server has said so since the last answer.
  bool alive();

 private:
  struct Closer {
    void operator()(pg_conn* connection) const;
  };
  explicit PostgresLink(pg_conn* connection) : connection_(connection) {}
  Result<> open(Clock::time_point deadline);
  Result<PostgresAnswer> answer(Clock::time_point deadline);
  /// Nothing more comes of it.
  tl::unexpected<Error> lost(std::string_view why);
  std::unique_ptr<pg_conn, Closer> connection_;
};

}  // namespace sluice::store
