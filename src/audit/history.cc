#include "audit/history.h"

#include <algorithm>
#include <map>

#include "audit/decision.h"
#include "audit/details.h"
#include "audit/search.h"
#include "audit/words.h"

namespace sluice::audit {
namespace {

/// Actions on a table that change it or its rows, by sql::name_of.
constexpr std::string_view kChanging[] = {"insert",  "update", "delete", "merge", "truncate",
                                          "copy_in", "create", "alter",  "drop"};

/// Those of them that change what it is.
constexpr std::string_view kDefining[] = {"create", "alter", "drop"};

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

/// Whether what it creates, alters or drops is there for more than its session.
bool defines_what_stays(const Record& record) {
  constexpr std::string_view kTemporary = " pg_temp";
  return std::any_of(record.actions.begin(), record.actions.end(), [&](const std::string& one) {
    return std::any_of(std::begin(kDefining), std::end(kDefining), [&](std::string_view action) {
      return one.starts_with(action) && !one.substr(action.size()).starts_with(kTemporary);
    });
  });
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

/// How somebody's undoing stands on the record (control/undoer.h).
constexpr std::string_view kUndone = "undone what ran under request ";

/// The request of "undone what ran under request 12 of …"; empty for other words.
std::string undone_request(std::string_view message) {
  if (!message.starts_with(kUndone)) return {};
  message.remove_prefix(kUndone.size());
  const auto digits = message.find_first_not_of("0123456789");
  return std::string(message.substr(0, digits));
}

/// Gathers the newest of a table's history, from the end.
class History {
 public:
  History(const std::filesystem::path& audit_directory, const HistoryQuery& query)
      : directory_(audit_directory), query_(query), outcomes_(audit_directory) {}

  Result<std::vector<Change>> run() {
    if (query_.definitions) {
      for (const auto action : kDefining) SLUICE_TRY(read_statements(action));
    } else {
      for (const auto action : kChanging) SLUICE_TRY(read_statements(action));
    }
    SLUICE_TRY(read_undone());
    SLUICE_TRY(read_drift());
    for (Change& change : beside_) found_.emplace(change.record.sequence, std::move(change));
    std::vector<Change> changes;
    for (auto it = found_.rbegin(); it != found_.rend() && changes.size() < query_.limit; ++it) {
      Change& change = it->second;
      if (change.what == Change::What::kStatement) SLUICE_TRY(complete(change));
      changes.push_back(std::move(change));
    }
    std::reverse(changes.begin(), changes.end());
    return changes;
  }

 private:
  /// What is asked of the record, but for what it is about.
  Query basis() const {
    Query basis;
    basis.database = query_.database;
    basis.since_micros = query_.since_micros;
    basis.until_micros = query_.until_micros;
    return basis;
  }

  std::optional<Rank> behind() const {
    if (query_.before == 0) return std::nullopt;
    return rank_of(Order::kNewest, query_.before, 0, 0);
  }

  /// Whether it ran, and may have changed what is asked about.
  bool changed_it(const Record& record, bool& named) const {
    return record.type == EventType::kStatement && record.phase != Phase::kParse &&
           record.outcome == Outcome::kAllowed && record.sqlstate.empty() &&
           !changes_nothing(record) && may_change(query_, record, named) &&
           (!query_.definitions || defines_what_stays(record));
  }

  /// Page after page, the newest first, until there are enough: what is left out does not count.
  Result<> read_statements(std::string_view action) {
    Query one = basis();
    one.outcome = "allowed";
    one.action = action;
    if (!query_.table.empty()) one.action += " " + query_.table;
    one.after = behind();
    one.limit = std::clamp<size_t>(query_.limit, 100, 10'000);
    for (size_t kept = 0; kept < query_.limit;) {
      SLUICE_ASSIGN(auto page, search_page(directory_, one));
      for (Record& record : page.records) {
        Change change;
        if (!changed_it(record, change.named)) continue;
        ++kept;
        change.record = std::move(record);
        // A MERGE or a text of several has more than one action.
        found_.emplace(change.record.sequence, std::move(change));
      }
      if (!page.next) return {};
      one.after = page.next;
    }
    return {};
  }

  /// Undoing names a request, and the tables: it is about this one where what ran under the
  /// request is, or where it says so.
  Result<> read_undone() {
    Query all = basis();
    all.type = name_of(EventType::kApproval);
    all.database.clear();  // These records have none.
    all.limit = 100'000;
    SLUICE_ASSIGN(auto records, search(directory_, all));
    for (Record& record : records) {
      const std::string request = undone_request(record.message);
      if (request.empty()) continue;
      Change change;
      const bool ran = ran_under(request, record.sequence, change.named);
      if (!ran && !says_so(record.message)) continue;
      if (ran) undone_.emplace(request, record.context.user);
      if (query_.before != 0 && record.sequence >= query_.before) continue;
      change.what = Change::What::kUndone;
      change.outcome = TransactionOutcome::kCommitted;
      change.record = std::move(record);
      beside_.push_back(std::move(change));
    }
    return {};
  }

  bool ran_under(std::string_view request, uint64_t before, bool& named) const {
    bool any = false;
    for (const auto& [sequence, change] : found_) {
      if (sequence > before || number_in(change.record.approval) != request) continue;
      any = true;
      named = named || change.named;
    }
    return any;
  }

  /// "… at "shop": 2 rows of public.orders, table public.lines, column public.items.note". What it
  /// says of columns is not all that was undone: with one, only what ran under the request tells.
  bool says_so(std::string_view message) const {
    if (!query_.column.empty()) return false;
    const size_t at = message.rfind("\" at \"");
    const size_t colon = at == message.npos ? at : message.find("\": ", at + 6);
    if (colon == message.npos) return false;
    const auto database = message.substr(at + 6, colon - at - 6);
    if (!query_.database.empty() && database != query_.database) return false;
    message.remove_prefix(colon + 3);
    while (!message.empty()) {
      const auto word = message.substr(0, message.find_first_of(" ,"));
      if (names_table(word, query_.table) ||
          names_table(word.substr(0, word.rfind('.')), query_.table)) {
        return true;
      }
      message.remove_prefix(std::min(message.size(), word.size() + 1));
    }
    return false;
  }

  Result<> read_drift() {
    Query all = basis();
    all.type = name_of(EventType::kSchemaDrift);
    all.table = query_.table;
    all.limit = 100'000;
    all.after = behind();
    SLUICE_ASSIGN(auto records, search(directory_, all));
    for (Record& record : records) {
      const bool about = query_.column.empty() || (record.details_cut & kWrittenColumnsCut) != 0 ||
                         std::any_of(record.written_columns.begin(), record.written_columns.end(),
                                     [&](const std::string& column) {
                                       return names_column(column, query_.table, query_.column);
                                     });
      if (!about) continue;
      Change change;
      change.what = Change::What::kDrift;
      change.outcome = TransactionOutcome::kCommitted;
      change.record = std::move(record);
      beside_.push_back(std::move(change));
    }
    return {};
  }

  Result<> complete(Change& change) {
    SLUICE_ASSIGN(change.outcome, outcomes_.of(change.record));
    const auto undone = undone_.find(std::string(number_in(change.record.approval)));
    if (undone != undone_.end()) change.undone_by = undone->second;
    return {};
  }

  const std::filesystem::path& directory_;
  const HistoryQuery& query_;
  Outcomes outcomes_;
  std::map<std::string, std::string> undone_;  ///< by whom, by request
  std::map<uint64_t, Change> found_;
  std::vector<Change> beside_;  ///< no statements
};

}  // namespace

bool may_change(const HistoryQuery& query, const Record& record, bool& named) {
  named = !query.key.empty() && has_value(query, record);
  return may_change_column(query, record);
}

Result<std::vector<Change>> history(const std::filesystem::path& audit_directory,
                                    const HistoryQuery& query) {
  return History(audit_directory, query).run();
}

}  // namespace sluice::audit
