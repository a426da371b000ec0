#include "audit/history.h"

#include <algorithm>
#include <map>

#include "audit/details.h"
#include "audit/search.h"
#include "audit/words.h"

namespace sluice::audit {
namespace {

/// Actions on a table that change it or its rows, by sql::name_of.
constexpr std::string_view kChanging[] = {"insert",  "update", "delete", "merge", "truncate",
                                          "copy_in", "create", "alter",  "drop"};

bool names_table(std::string_view name, std::string_view wanted) {
  return name == wanted || (name.size() > wanted.size() && name.ends_with(wanted) &&
                            name[name.size() - wanted.size() - 1] == '.');
}

/// "public.orders.status" is about the column of the table; so is "public.orders.*".
bool names_column(std::string_view name, std::string_view table, std::string_view column) {
  const size_t dot = name.rfind('.');
  if (dot == name.npos || !names_table(name.substr(0, dot), table)) return false;
  return name.substr(dot + 1) == column || name.substr(dot + 1) == "*";
}

bool does(const Record& record, std::string_view action, std::string_view table) {
  return std::any_of(record.actions.begin(), record.actions.end(), [&](const std::string& one) {
    return one.starts_with(action) && one.size() > action.size() && one[action.size()] == ' ' &&
           names_table(std::string_view(one).substr(action.size() + 1), table);
  });
}

/// An update that names its columns is about no others; everything else concerns whole rows.
bool may_change_column(const HistoryQuery& query, const Record& record) {
  if (query.column.empty() || (record.details_cut & kWrittenColumnsCut) != 0) return true;
  const bool rows = std::any_of(std::begin(kChanging), std::end(kChanging), [&](auto action) {
    return action != "update" && does(record, action, query.table);
  });
  return rows || std::any_of(record.written_columns.begin(), record.written_columns.end(),
                             [&](const std::string& column) {
                               return names_column(column, query.table, query.column);
                             });
}

/// Of a text of several statements each has a record with all that the text does.
bool changes_nothing(const Record& record) {
  constexpr std::string_view kKinds[] = {"BEGIN", "START TRANSACTION", "COMMIT",  "ROLLBACK",
                                         "SET",   "SAVEPOINT",         "RELEASE", "SHOW"};
  return std::find(std::begin(kKinds), std::end(kKinds), record.kind) != std::end(kKinds);
}

bool has_value(const HistoryQuery& query, const Record& record) {
  return has_words(record.text, query.value) ||
         (!query.value.empty() && record.parameters.find(query.value) != std::string::npos);
}

/// How the transactions of these records ended.
class Outcomes {
 public:
  explicit Outcomes(const std::filesystem::path& audit_directory) : directory_(audit_directory) {}

  Result<TransactionOutcome> of(const Record& record) {
    if (record.transaction_outcome != TransactionOutcome::kOpen || record.transaction == 0) {
      return record.transaction_outcome;
    }
    auto& session = sessions_[record.context.session_id];
    if (session.empty()) SLUICE_TRY(read(record.context.session_id, session));
    const auto found = session.find(record.transaction);
    return found == session.end() ? TransactionOutcome::kOpen : found->second;
  }

 private:
  using Session = std::map<uint64_t, TransactionOutcome>;

  Result<> read(uint64_t id, Session& session) {
    Query query;
    query.session = id;
    query.limit = 100'000;
    SLUICE_ASSIGN(const auto records, search(directory_, query));
    for (const Record& record : records) {
      if (record.transaction_outcome != TransactionOutcome::kOpen) {
        session[record.transaction] = record.transaction_outcome;
      }
    }
    session.emplace(0, TransactionOutcome::kOpen);
    return {};
  }

  const std::filesystem::path& directory_;
  std::map<uint64_t, Session> sessions_;
};

}  // namespace

bool may_change(const HistoryQuery& query, const Record& record, bool& named) {
  named = !query.key.empty() && has_value(query, record);
  return may_change_column(query, record);
}

Result<std::vector<Change>> history(const std::filesystem::path& audit_directory,
                                    const HistoryQuery& query) {
  std::map<uint64_t, Record> found;  // A MERGE or a text of several has more than one action.
  for (const auto action : kChanging) {
    Query one;
    one.database = query.database;
    one.outcome = "allowed";
    one.action = std::string(action) + " " + query.table;
    one.since_micros = query.since_micros;
    one.until_micros = query.until_micros;
    // What is not about the column is left out afterwards.
    one.limit = query.column.empty() ? query.limit : 100'000;
    SLUICE_ASSIGN(auto records, search(audit_directory, one));
    for (Record& record : records) found.emplace(record.sequence, std::move(record));
  }
  Outcomes outcomes(audit_directory);
  std::vector<Change> changes;
  for (auto it = found.rbegin(); it != found.rend() && changes.size() < query.limit; ++it) {
    Change change;
    if (!it->second.sqlstate.empty() || changes_nothing(it->second)) continue;
    if (!may_change(query, it->second, change.named)) continue;
    SLUICE_ASSIGN(change.outcome, outcomes.of(it->second));
    change.record = std::move(it->second);
    changes.push_back(std::move(change));
  }
  std::reverse(changes.begin(), changes.end());
  return changes;
}

}  // namespace sluice::audit
