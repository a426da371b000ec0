#include "identity/scim_tokens.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "identity/words.h"
#include "store/state.h"

namespace sluice::identity {
namespace {

constexpr int64_t kMostLive = 16;
constexpr size_t kMaxLabel = 200;
constexpr int64_t kNoteEvery = 60 * int64_t{1'000'000};
constexpr const char* kSelect =
    "SELECT id, label, author, created_micros, expires_micros, revoked_micros, last_used_micros "
    "FROM scim_tokens ";

ScimToken read(const store::Statement& query) {
  return {query.text(0),    query.text(1),    query.text(2),   query.integer(3),
          query.integer(4), query.integer(5), query.integer(6)};
}

}  // namespace

Result<IssuedCredential> ScimTokens::create(const std::string& label, int64_t expires_micros) {
  const int64_t now = wall_micros();
  if (expires_micros <= now)
    return fail(ErrorCode::kInvalidInput, "a token must expire in the future");
  if (!label.empty()) SLUICE_TRY(check_word("a label", label, kMaxLabel));
  IssuedCredential issued{make_credential_id(), make_credential_secret(), expires_micros};
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto count, database_.prepare("SELECT count(*) FROM scim_tokens WHERE "
                                              "revoked_micros = 0 AND expires_micros > ?"));
  count.bind(1, now);
  SLUICE_ASSIGN([[maybe_unused]] const bool row, count.step());
  if (count.integer(0) >= kMostLive) {
    return fail(ErrorCode::kLimit, fmt::format("there are {} SCIM tokens; revoke some first: "
                                               "sluice scim token list",
                                               kMostLive));
  }
  count.reset();
  SLUICE_ASSIGN(auto insert, database_.prepare("INSERT INTO scim_tokens (id, digest, label, "
                                               "author, created_micros, expires_micros, "
                                               "revoked_micros, last_used_micros) VALUES (?, ?, "
                                               "?, ?, ?, ?, 0, 0)"));
  SLUICE_TRY(insert.bind(1, issued.id)
                 .bind_blob(2, credential_digest(issued.secret.reveal()))
                 .bind(3, label)
                 .bind(4, actor_)
                 .bind(5, now)
                 .bind(6, expires_micros)
                 .run());
  SLUICE_TRY(store::leave_admin_event(
      database_, actor_,
      fmt::format("SCIM token {} issued until {}{}{}", issued.id, format_time(expires_micros),
                  label.empty() ? "" : ": ", label)));
  SLUICE_TRY(transaction.commit());
  return issued;
}

Result<> ScimTokens::revoke(std::string_view id) {
  const int64_t now = wall_micros();
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto update,
                database_.prepare("UPDATE scim_tokens SET revoked_micros = ?2 WHERE id = ?1 AND "
                                  "revoked_micros = 0 AND expires_micros > ?2"));
  SLUICE_TRY(update.bind(1, id).bind(2, now).run());
  if (database_.changes() == 0) {
    return fail(ErrorCode::kNotFound,
                fmt::format("no SCIM token \"{}\" is in force; see: sluice scim token list", id));
  }
  SLUICE_TRY(store::leave_admin_event(database_, actor_, fmt::format("SCIM token {} revoked", id)));
  return transaction.commit();
}

Result<std::vector<ScimToken>> ScimTokens::list() {
  SLUICE_ASSIGN(auto query,
                database_.prepare(std::string(kSelect) + "ORDER BY created_micros DESC, id"));
  std::vector<ScimToken> all;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return all;
    all.push_back(read(query));
  }
}

Result<std::optional<ScimToken>> ScimTokens::find(std::string_view secret) {
  if (!is_credential_secret(secret)) return std::nullopt;
  const int64_t now = wall_micros();
  std::optional<ScimToken> found;
  {
    // Looked up by digest: how long that takes tells nothing of the secret.
    SLUICE_ASSIGN(auto query, database_.prepare(std::string(kSelect) + "WHERE digest = ?"));
    query.bind_blob(1, credential_digest(secret));
    SLUICE_ASSIGN(const bool row, query.step());
    if (row) found = read(query);
  }
  if (!found || !found->live(now)) return std::nullopt;
  if (now - found->last_used_micros > kNoteEvery) {
    SLUICE_ASSIGN(auto note,
                  database_.prepare("UPDATE scim_tokens SET last_used_micros = ? WHERE id = ?"));
    SLUICE_TRY(note.bind(1, now).bind(2, found->id).run());
  }
  return found;
}

}  // namespace sluice::identity
