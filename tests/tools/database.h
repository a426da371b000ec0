#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <libpq-fe.h>

#include "base/result.h"
#include "catalog/loader.h"

namespace sluice::tools {

/// One libpq connection, with client_encoding UTF8.
class Database {
 public:
  static Result<Database> connect(const std::string& conninfo);

  /// Runs a text of any number of statements as one simple Query; one Rows a statement.
  Result<std::vector<catalog::Rows>> run(std::string_view text);

  /// The whole catalog as it is now.
  Result<std::shared_ptr<const catalog::Catalog>> load(bool with_system = true,
                                                       const catalog::Catalog* base = nullptr);

 private:
  struct Close {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  std::unique_ptr<PGconn, Close> connection_;
};

}  // namespace sluice::tools
