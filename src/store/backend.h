#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::store {

/// What a kind of database has to do for `Statement`; see there.
class StatementBackend {
 public:
  virtual ~StatementBackend() = default;
  virtual void bind(int index, int64_t value) = 0;
  virtual void bind_text(int index, std::string_view text) = 0;
  virtual void bind_blob(int index, std::string_view bytes) = 0;
  virtual void bind_null(int index) = 0;
  virtual Result<bool> step() = 0;
  virtual void reset() = 0;
  virtual int64_t integer(int column) const = 0;
  virtual std::string text(int column) const = 0;
};

/// What a kind of database has to do for `Database` and `Transaction`; see there.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual Result<> execute(const std::string& sql) = 0;
  virtual Result<std::unique_ptr<StatementBackend>> prepare(std::string_view sql) = 0;
  virtual int64_t changes() const = 0;

  /// From here to the end nobody else writes, and what is read is what the last writer has left.
  /// `long_work`: it may take longer than what somebody waits for.
  virtual Result<> begin(bool long_work) = 0;
  virtual Result<> commit() = 0;
  virtual void rollback() = 0;

  /// How many steps of the schema have been taken.
  virtual Result<size_t> schema_version() = 0;
  /// What steps rest on; in their transaction, before them.
  virtual Result<> before_steps() = 0;
  /// Notes how far they have led; in their transaction, after them.
  virtual Result<> after_steps(size_t version) = 0;

  virtual Result<int64_t> data_version() = 0;
};

}  // namespace sluice::store
