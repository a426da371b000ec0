#pragma once

#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "database.h"
#include "sql/analyse.h"

namespace sluice::tools {

/// Understands statements as a gateway would that stands before this session.
class Analyst {
 public:
  explicit Analyst(Database& database) : database_(database) {}

  /// Reads the catalog and the search_path anew.
  Result<void> look();
  /// One line of the mode "statements", already parsed; what to answer.
  Result<boost::json::object> answer(const boost::json::value& line);

 private:
  Database& database_;
  std::shared_ptr<const catalog::Catalog> system_;
  sql::Scope scope_;
};

}  // namespace sluice::tools
