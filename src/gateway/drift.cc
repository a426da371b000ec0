#include "gateway/drift.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace sluice::gateway {
namespace {

constexpr std::array<std::string_view, 5> kRelations = {"table", "view", "materialized view",
                                                        "foreign table", "sequence"};
/// Named "table.part".
constexpr std::array<std::string_view, 5> kParts = {"column", "index", "constraint", "trigger",
                                                    "rule"};
constexpr std::string_view kRenamed = "renamed from ";

bool is_one(const auto& kinds, std::string_view kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

void add(std::vector<std::string>& to, std::string what) {
  if (std::find(to.begin(), to.end(), what) == to.end()) to.push_back(std::move(what));
}

}  // namespace

std::string drift_message(const std::vector<catalog::Change>& changes) {
  std::string message = "no recorded statement made this:";
  for (const auto& change : changes) message += "\n" + change.to_string();
  return message;
}

std::string server_drift_message(const std::string& server,
                                 const std::vector<std::string>& databases,
                                 const std::vector<catalog::Change>& changes) {
  std::string message = "no recorded statement made this:\nof the whole server " + server +
                        (databases.size() == 1 ? ", with database" : ", with databases");
  for (const auto& database : databases)
    message += (&database == &databases.front() ? " " : ", ") + database;
  message += ":";
  for (const auto& change : changes) message += "\n" + change.to_string();
  return message;
}

audit::StatementDetails drift_details(const std::vector<catalog::Change>& changes) {
  audit::StatementDetails details;
  for (const auto& change : changes) {
    const std::string full = change.schema + "." + change.name;
    if (is_one(kRelations, change.object_kind)) {
      add(details.tables, full);
      add(details.written_columns, full + ".*");
      if (change.detail.starts_with(kRenamed)) {
        const std::string old = change.detail.substr(kRenamed.size());
        add(details.tables, old);
        add(details.written_columns, old + ".*");
      }
    } else if (is_one(kParts, change.object_kind)) {
      const std::string table = full.substr(0, full.rfind('.'));
      add(details.tables, table);
      // What an index, a constraint or a trigger is about may be any of them.
      add(details.written_columns, change.object_kind == "column" ? full : table + ".*");
      if (change.object_kind == "column" && change.detail.starts_with(kRenamed))
        add(details.written_columns, table + "." + change.detail.substr(kRenamed.size()));
    }
  }
  return details;
}

}  // namespace sluice::gateway
