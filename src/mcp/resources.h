#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

#include "base/result.h"

namespace sluice::mcp {

/// What can be read here by an address, without calling a tool (docs/agents.md).
enum class ResourceKind : uint8_t {
  kDatabases,  ///< sluice://databases
  kSchema,     ///< sluice://databases/{database}/schema
  kTable,      ///< sluice://databases/{database}/tables/{schema}/{table}
  kPolicy,     ///< sluice://databases/{database}/policy
  kBudgets,    ///< sluice://budgets
  kHistory,    ///< sluice://history
};

/// What an address asks for.
struct ResourceWanted {
  ResourceKind kind = ResourceKind::kDatabases;
  std::string database, schema, table;  ///< empty where the kind has none
};

/// kNotFound: it is none of those above; the text says which there are.
Result<ResourceWanted> parse_resource(std::string_view uri);

/// The answer to resources/list: those without parameters, and of each database.
boost::json::array list_resources(const std::vector<std::string>& databases);
/// The answer to resources/templates/list.
boost::json::array list_templates();
/// Whether one of the templates has that name in braces.
bool template_has(std::string_view uri_template, std::string_view parameter);

/// The answer to resources/read.
boost::json::object resource_result(std::string_view uri, const boost::json::object& found);

}  // namespace sluice::mcp
