#include "store/policy_versions.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "store/state.h"

namespace sluice::store {
namespace {

constexpr size_t kMaxAuthor = 200;
constexpr size_t kMaxComment = 1000;

constexpr const char* kColumns = "SELECT number, time_micros, hash, author, comment, ";

PolicyVersion row_of(const Statement& query) {
  return {query.integer(0), query.integer(1), query.text(2),
          query.text(3),    query.text(4),    query.text(5)};
}

Result<> check(std::string_view what, std::string_view text, size_t most) {
  if (text.size() <= most && is_utf8(text)) return {};
  return fail(ErrorCode::kInvalidInput, std::string(what) + " must be UTF-8 text of at most " +
                                            std::to_string(most) + " bytes");
}

}  // namespace

Result<> check_policy_version(Database& database, const PolicyVersion& next, int64_t expected) {
  if (next.author.empty()) return fail(ErrorCode::kInvalidInput, "the author is missing");
  SLUICE_TRY(check("the author", next.author, kMaxAuthor));
  SLUICE_TRY(check("the comment", next.comment, kMaxComment));
  SLUICE_ASSIGN(const auto latest, latest_policy_version(database));
  const int64_t number = latest ? latest->number : 0;
  if (number == expected) return {};
  return fail(ErrorCode::kExists,
              "the latest version of the policy is " + std::to_string(number) + ", not " +
                  std::to_string(expected) +
                  ": somebody else may have saved one; see: sluice policy history");
}

Result<int64_t> add_policy_version(Database& database, const PolicyVersion& next,
                                   int64_t expected) {
  SLUICE_ASSIGN(auto transaction, Transaction::begin(database));
  SLUICE_TRY(check_policy_version(database, next, expected));
  const int64_t number = expected;
  SLUICE_ASSIGN(auto insert,
                database.prepare("INSERT INTO policy_versions (number, time_micros, hash, author, "
                                 "comment, text) VALUES (?, ?, ?, ?, ?, ?)"));
  SLUICE_TRY(insert.bind(1, number + 1)
                 .bind(2, wall_micros())
                 .bind(3, next.hash)
                 .bind(4, next.author)
                 .bind(5, next.comment)
                 .bind(6, next.text)
                 .run());
  std::string message = "policy " + std::to_string(number + 1) + " saved, version " + next.hash;
  if (!next.comment.empty()) message += ": " + next.comment;
  SLUICE_TRY(leave_admin_event(database, next.author, message));
  SLUICE_TRY(transaction.commit());
  return number + 1;
}

Result<std::optional<PolicyVersion>> latest_policy_version(Database& database) {
  SLUICE_ASSIGN(auto query,
                database.prepare(std::string(kColumns) + "text FROM policy_versions "
                                                         "ORDER BY number DESC LIMIT 1"));
  SLUICE_ASSIGN(const bool found, query.step());
  if (!found) return std::nullopt;
  return row_of(query);
}

Result<PolicyVersion> policy_version(Database& database, int64_t number) {
  SLUICE_ASSIGN(auto query, database.prepare(std::string(kColumns) +
                                             "text FROM policy_versions WHERE number = ?"));
  SLUICE_ASSIGN(const bool found, query.bind(1, number).step());
  if (!found) {
    return fail(ErrorCode::kNotFound, "there is no version " + std::to_string(number) +
                                          " of the policy; see: sluice policy history");
  }
  return row_of(query);
}

Result<std::vector<PolicyVersion>> policy_versions(Database& database) {
  SLUICE_ASSIGN(auto query, database.prepare(std::string(kColumns) +
                                             "'' FROM policy_versions ORDER BY number DESC"));
  std::vector<PolicyVersion> all;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return all;
    all.push_back(row_of(query));
  }
}

}  // namespace sluice::store
