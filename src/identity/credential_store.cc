#include "identity/credential_store.h"

#include <fmt/format.h>

#include "base/authentication.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/random.h"
#include "identity/credential_secret.h"
#include "identity/words.h"
#include "store/state.h"
#include "wire/postgres/scram.h"

namespace sluice::identity {
namespace {

constexpr size_t kMaxLabel = 200;
constexpr std::string_view kColumns =
    "id, user, kind, scram_verifier, digest, databases, created_micros, expires_micros, "
    "revoked_micros, last_used_micros, label, method, issuer, acr, amr, authenticated_micros, "
    "actors, scopes, claims";

Result<> check(const NewCredential& next) {
  if (next.expires_micros <= wall_micros()) {
    return fail(ErrorCode::kInvalidInput, "a credential must expire in the future");
  }
  for (const auto& word : next.databases) SLUICE_TRY(check_word("a database name", word));
  for (const auto& word : next.actors) SLUICE_TRY(check_word("an actor", word, 255));
  for (const auto& word : next.scopes) SLUICE_TRY(check_word("a scope", word));
  for (const auto& word : next.assurance.amr) SLUICE_TRY(check_word("an amr value", word, 255));
  if (!is_authentication_method(next.assurance.method)) {
    return fail(ErrorCode::kInternal,
                "no policy could name the authentication method \"" + next.assurance.method + "\"");
  }
  if (!next.label.empty()) SLUICE_TRY(check_word("a label", next.label, kMaxLabel));
  if (!next.actors.empty() && (next.actors.size() < 2 || next.actors.front() != next.user)) {
    return fail(ErrorCode::kInvalidInput,
                "the chain of actors must begin with the credential's user and end with somebody "
                "else");
  }
  return {};
}

Result<Credential> read(store::Statement& query) {
  const auto kind = find_credential_kind(query.text(2));
  if (!kind) {
    return fail(ErrorCode::kInternal, fmt::format("credential \"{}\" is of unknown kind \"{}\"",
                                                  query.text(0), query.text(2)));
  }
  Credential read;
  read.id = query.text(0);
  read.user = query.text(1);
  read.kind = *kind;
  read.scram_verifier = query.text(3);
  read.digest = query.text(4);
  read.databases = split(query.text(5));
  read.created_micros = query.integer(6);
  read.expires_micros = query.integer(7);
  read.revoked_micros = query.integer(8);
  read.last_used_micros = query.integer(9);
  read.label = query.text(10);
  read.assurance = {query.text(11),        query.text(12),    query.text(13),
                    split(query.text(14)), query.integer(15), split_pairs(query.text(18))};
  read.actors = split(query.text(16));
  read.scopes = split(query.text(17));
  return read;
}

Result<std::vector<Credential>> read_all(store::Statement& query) {
  std::vector<Credential> all;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return all;
    SLUICE_ASSIGN(auto credential, read(query));
    all.push_back(std::move(credential));
  }
}

/// By which a certificate ends with what it was got with.
std::string certificate_label(std::string_view shown) {
  return fmt::format("client certificate, got with {}", shown);
}

/// By which a session ends with the one that was got in its place.
std::string successor_label(std::string_view id) { return fmt::format("renewed by {}", id); }

/// Ends those that were got with credential `shown`. Returns how many those were.
Result<int64_t> end_certificates(store::Database& database, std::string_view user,
                                 std::string_view shown, int64_t now) {
  SLUICE_ASSIGN(auto update,
                database.prepare("UPDATE credentials SET revoked_micros = ?3 WHERE user = ?1 AND "
                                 "label = ?2 AND scram_verifier = '' AND revoked_micros = 0 AND "
                                 "expires_micros > ?3"));
  SLUICE_TRY(update.bind(1, user).bind(2, certificate_label(shown)).bind(3, now).run());
  return database.changes();
}

/// Tells what somebody got, for the record.
std::string describe(const std::string& id, const NewCredential& next) {
  std::string text =
      fmt::format("{} {} issued to \"{}\" until {}, authenticated by {}", name_of(next.kind), id,
                  next.user, format_time(next.expires_micros), next.assurance.method);
  if (!next.assurance.issuer.empty()) text += " at " + next.assurance.issuer;
  if (!next.databases.empty()) text += fmt::format(", for {}", fmt::join(next.databases, ", "));
  if (!next.actors.empty()) text += fmt::format(", acting for \"{}\"", next.actors.back());
  if (!next.label.empty()) text += fmt::format(": {}", next.label);
  return text;
}

}  // namespace

ScramSalt scram_salt(std::string_view password_verifier, std::string_view secret,
                     std::string_view user) {
  auto verifier = wire::postgres::ScramVerifier::parse(password_verifier);
  if (!verifier) verifier = wire::postgres::ScramServer::mock_verifier(secret, user);
  return {std::move(verifier->salt), verifier->iterations};
}

Result<std::string> CredentialStore::verifier_for(const std::string& user,
                                                  const SecretString& secret) {
  SLUICE_ASSIGN(auto query,
                database_.prepare("SELECT scram_verifier, disabled FROM users WHERE name = ?"));
  query.bind(1, user);
  SLUICE_ASSIGN(const bool found, query.step());
  if (!found) {
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no user \"{}\"; see: sluice user list", user));
  }
  if (query.integer(1) != 0)
    return fail(ErrorCode::kDenied, fmt::format("user \"{}\" is disabled", user));
  SLUICE_ASSIGN(const std::string key, store::installation_secret(database_));
  const ScramSalt salt = scram_salt(query.text(0), key, user);
  return wire::postgres::make_verifier(secret.reveal(), salt.salt, salt.iterations);
}

/// But for the one for which a certificate is made now. Empty: there is none.
Result<std::string> CredentialStore::oldest_session(const NewCredential& next, int64_t now) {
  SLUICE_ASSIGN(auto query,
                database_.prepare("SELECT id FROM credentials WHERE user = ?1 AND kind = 'session' "
                                  "AND revoked_micros = 0 AND expires_micros > ?2 ORDER BY "
                                  "created_micros"));
  query.bind(1, next.user).bind(2, now);
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return std::string();
    std::string id = query.text(0);
    if (certificate_label(id) != next.label) return id;
  }
}

/// Sessions are got anew without a thought, so the oldest gives way; tokens are in use somewhere.
Result<> CredentialStore::make_room(const NewCredential& next, int64_t now) {
  SLUICE_ASSIGN(auto count, database_.prepare("SELECT count(*) FROM credentials WHERE user = ? AND "
                                              "revoked_micros = 0 AND expires_micros > ?"));
  count.bind(1, next.user).bind(2, now);
  SLUICE_ASSIGN([[maybe_unused]] const bool row, count.step());
  if (count.integer(0) < static_cast<int64_t>(kMostCredentials)) return {};
  count.reset();
  if (next.kind == CredentialKind::kSession) {
    SLUICE_ASSIGN(const std::string oldest, oldest_session(next, now));
    SLUICE_ASSIGN(auto end,
                  database_.prepare("UPDATE credentials SET revoked_micros = ?2 WHERE id = ?1"));
    if (!oldest.empty()) {
      SLUICE_TRY(end.bind(1, oldest).bind(2, now).run());
      return end_certificates(database_, next.user, oldest, now).transform([](int64_t) {});
    }
  }
  return fail(ErrorCode::kLimit,
              fmt::format("user \"{}\" has {} credentials; revoke some first: sluice token list "
                          "--user {}",
                          next.user, kMostCredentials, next.user));
}

Result<IssuedCredential> CredentialStore::issue(const NewCredential& next) {
  SLUICE_TRY(check(next));
  IssuedCredential issued{make_credential_id(), make_credential_secret(), next.expires_micros};
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(const std::string verifier, verifier_for(next.user, issued.secret));
  SLUICE_TRY(insert(issued.id, next, verifier, credential_digest(issued.secret.reveal())));
  SLUICE_TRY(transaction.commit());
  return issued;
}

Result<IssuedCredential> CredentialStore::issue_for_token(const NewCredential& next,
                                                          std::string_view token) {
  SLUICE_TRY(check(next));
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(const std::string key, store::installation_secret(database_));
  const auto own = hmac_sha256(key, std::string("credential for a token v1\n").append(token));
  IssuedCredential issued{make_credential_id(), derived_credential_secret({own.data(), own.size()}),
                          next.expires_micros};
  const std::string digest = credential_digest(issued.secret.reveal());
  SLUICE_ASSIGN(auto query, database_.prepare("SELECT id, revoked_micros, expires_micros FROM "
                                              "credentials WHERE digest = ?"));
  query.bind_blob(1, digest);
  SLUICE_ASSIGN(const bool known, query.step());
  if (known && query.integer(1) != 0)
    return fail(ErrorCode::kDenied, "what this token stood for was revoked");
  if (known && query.integer(2) > wall_micros()) {
    issued.id = query.text(0);
    issued.expires_micros = query.integer(2);
    return issued;
  }
  query.reset();
  if (known) {
    // The token lives longer than what it stood for, which stays in the list without a use.
    SLUICE_ASSIGN(auto over,
                  database_.prepare("UPDATE credentials SET digest = ?2 WHERE digest = ?1"));
    SLUICE_TRY(over.bind_blob(1, digest).bind_blob(2, random_string(32)).run());
  }
  SLUICE_ASSIGN(const std::string verifier, verifier_for(next.user, issued.secret));
  SLUICE_TRY(insert(issued.id, next, verifier, digest));
  SLUICE_TRY(transaction.commit());
  return issued;
}

Result<IssuedCredential> CredentialStore::issue_for_key(NewCredential next,
                                                        std::string_view key_digest,
                                                        std::string_view shown) {
  next.label = certificate_label(shown);
  SLUICE_TRY(check(next));
  IssuedCredential issued{make_credential_id(), {}, next.expires_micros};
  const std::string digest = certificate_digest(key_digest);
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  // Whether they exist and may have one; the verifier itself is of no use here.
  SLUICE_ASSIGN([[maybe_unused]] const auto unused, verifier_for(next.user, {}));
  SLUICE_ASSIGN(auto source,
                database_.prepare("SELECT 1 FROM credentials WHERE id = ? AND user = ? AND "
                                  "revoked_micros = 0 AND expires_micros > ?"));
  source.bind(1, shown).bind(2, next.user).bind(3, wall_micros());
  SLUICE_ASSIGN(const bool live, source.step());
  if (!live) return fail(ErrorCode::kDenied, "the credential that was shown is over: log in again");
  source.reset();
  SLUICE_ASSIGN(auto query, database_.prepare("SELECT 1 FROM credentials WHERE digest = ?"));
  query.bind_blob(1, digest);
  SLUICE_ASSIGN(const bool known, query.step());
  if (known)
    return fail(ErrorCode::kExists, "this key has been used for a certificate: make a new one");
  query.reset();
  SLUICE_TRY(insert(issued.id, next, {}, digest));
  SLUICE_TRY(transaction.commit());
  return issued;
}

Result<> CredentialStore::insert(const std::string& id, const NewCredential& next,
                                 const std::string& verifier, const std::string& digest) {
  if (!next.actors.empty()) {
    SLUICE_ASSIGN(auto person, database_.prepare("SELECT 1 FROM users WHERE name = ?"));
    person.bind(1, next.actors.back());
    SLUICE_ASSIGN(const bool found, person.step());
    if (!found) {
      return fail(ErrorCode::kNotFound,
                  fmt::format("there is no user \"{}\" to act for; see: sluice user list",
                              next.actors.back()));
    }
  }
  const int64_t now = wall_micros();
  SLUICE_TRY(make_room(next, now));
  SLUICE_ASSIGN(auto insert, database_.prepare(fmt::format(
                                 "INSERT INTO credentials ({}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, "
                                 "0, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                 kColumns)));
  SLUICE_TRY(insert.bind(1, id)
                 .bind(2, next.user)
                 .bind(3, name_of(next.kind))
                 .bind(4, verifier)
                 .bind_blob(5, digest)
                 .bind(6, join(next.databases))
                 .bind(7, now)
                 .bind(8, next.expires_micros)
                 .bind(9, next.label)
                 .bind(10, next.assurance.method)
                 .bind(11, next.assurance.issuer)
                 .bind(12, next.assurance.acr)
                 .bind(13, join(next.assurance.amr))
                 .bind(14, next.assurance.authenticated_micros)
                 .bind(15, join(next.actors))
                 .bind(16, join(next.scopes))
                 .bind(17, join_pairs(next.assurance.claims))
                 .run());
  return store::leave_admin_event(database_, actor_, describe(id, next));
}

Result<bool> CredentialStore::strengthen(const SecretString& secret, const std::string& user,
                                         const Assurance& assurance, std::string_view successor) {
  if (!is_credential_secret(secret.reveal())) return false;
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto query,
                database_.prepare("SELECT id FROM credentials WHERE digest = ? AND user = ? AND "
                                  "kind = 'session' AND actors = '' AND revoked_micros = 0 AND "
                                  "expires_micros > ?"));
  query.bind_blob(1, credential_digest(secret.reveal())).bind(2, user).bind(3, wall_micros());
  SLUICE_ASSIGN(const bool found, query.step());
  if (!found) return false;
  const std::string id = query.text(0);
  SLUICE_ASSIGN(auto update, database_.prepare(
                                 "UPDATE credentials SET method = ?2, issuer = ?3, acr = ?4, amr = "
                                 "?5, authenticated_micros = ?6, claims = ?7 WHERE id = ?1"));
  SLUICE_TRY(update.bind(1, id)
                 .bind(2, assurance.method)
                 .bind(3, assurance.issuer)
                 .bind(4, assurance.acr)
                 .bind(5, join(assurance.amr))
                 .bind(6, assurance.authenticated_micros)
                 .bind(7, join_pairs(assurance.claims))
                 .run());
  SLUICE_ASSIGN(auto follow,
                database_.prepare("UPDATE credentials SET label = ?3 WHERE user = ?1 AND kind = "
                                  "'session' AND (id = ?2 OR label = ?4)"));
  SLUICE_TRY(follow.bind(1, user)
                 .bind(2, id)
                 .bind(3, successor_label(successor))
                 .bind(4, successor_label(id))
                 .run());
  SLUICE_TRY(store::leave_admin_event(
      database_, actor_,
      fmt::format("session {} of \"{}\" stepped up by {}, and renewed by {}", id, user,
                  assurance.method, successor)));
  SLUICE_TRY(transaction.commit());
  return true;
}

/// Returns how many those were, certificates among them.
Result<int64_t> CredentialStore::end_predecessors(std::string_view user, std::string_view id,
                                                  int64_t now) {
  SLUICE_ASSIGN(auto query,
                database_.prepare("SELECT id FROM credentials WHERE user = ?1 AND label = ?2 AND "
                                  "kind = 'session' AND scram_verifier <> ''"));
  query.bind(1, user).bind(2, successor_label(id));
  std::vector<std::string> ids;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) break;
    ids.push_back(query.text(0));
  }
  query.reset();
  int64_t ended = 0;
  for (const auto& each : ids) {
    SLUICE_ASSIGN(auto update,
                  database_.prepare("UPDATE credentials SET revoked_micros = ?2 WHERE id = ?1 AND "
                                    "revoked_micros = 0 AND expires_micros > ?2"));
    SLUICE_TRY(update.bind(1, each).bind(2, now).run());
    ended += database_.changes();
    SLUICE_ASSIGN(const int64_t certificates, end_certificates(database_, user, each, now));
    ended += certificates;
  }
  return ended;
}

Result<> CredentialStore::revoke(std::string_view id) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto query, database_.prepare("SELECT user, kind FROM credentials WHERE id = ?1 "
                                              "AND revoked_micros = 0 AND expires_micros > ?2"));
  const int64_t now = wall_micros();
  query.bind(1, id).bind(2, now);
  SLUICE_ASSIGN(const bool found, query.step());
  if (!found) {
    return fail(ErrorCode::kNotFound,
                fmt::format("no credential \"{}\" is in force; see: sluice token list", id));
  }
  const std::string user = query.text(0);
  std::string message = fmt::format("{} {} of \"{}\" revoked", query.text(1), id, user);
  query.reset();
  SLUICE_ASSIGN(auto update,
                database_.prepare("UPDATE credentials SET revoked_micros = ?2 WHERE id = ?1"));
  SLUICE_TRY(update.bind(1, id).bind(2, now).run());
  SLUICE_ASSIGN(const int64_t certificates, end_certificates(database_, user, id, now));
  if (certificates > 0) message += fmt::format(", with certificates got with it: {}", certificates);
  SLUICE_ASSIGN(const int64_t former, end_predecessors(user, id, now));
  if (former > 0) message += fmt::format(", with what it renewed: {}", former);
  SLUICE_TRY(store::leave_admin_event(database_, actor_, message));
  return transaction.commit();
}

Result<int64_t> CredentialStore::revoke_of(std::string_view user) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(const int64_t ended, end_credentials(database_, user));
  SLUICE_TRY(store::leave_admin_event(
      database_, actor_, fmt::format("credentials of \"{}\" revoked: {}", user, ended)));
  SLUICE_TRY(transaction.commit());
  return ended;
}

Result<int64_t> CredentialStore::log_out(std::string_view user, std::string_view issuer,
                                         std::string_view why) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto update,
                database_.prepare("UPDATE credentials SET revoked_micros = ?3 WHERE user = ?1 AND "
                                  "issuer = ?2 AND kind = 'session' AND revoked_micros = 0 AND "
                                  "expires_micros > ?3"));
  SLUICE_TRY(update.bind(1, user).bind(2, issuer).bind(3, wall_micros()).run());
  const int64_t ended = database_.changes();
  if (ended == 0) return 0;
  SLUICE_TRY(store::leave_admin_event(
      database_, actor_, fmt::format("sessions of \"{}\" ended: {}; {}", user, ended, why)));
  SLUICE_TRY(transaction.commit());
  return ended;
}

Result<std::vector<Credential>> CredentialStore::list(const std::optional<std::string>& user) {
  SLUICE_ASSIGN(auto query, database_.prepare(fmt::format(
                                "SELECT {} FROM credentials WHERE CAST(?1 AS TEXT) IS NULL "
                                "OR user = ?1 "
                                "ORDER BY created_micros DESC, id",
                                kColumns)));
  if (user) {
    query.bind(1, *user);
  } else {
    query.bind_null(1);
  }
  return read_all(query);
}

Result<> CredentialStore::used(const std::vector<std::pair<std::string, int64_t>>& when) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database_));
  SLUICE_ASSIGN(auto update,
                database_.prepare("UPDATE credentials SET last_used_micros = ?2 WHERE id = ?1 AND "
                                  "last_used_micros < ?2"));
  for (const auto& [id, micros] : when) SLUICE_TRY(update.bind(1, id).bind(2, micros).run());
  return transaction.commit();
}

Result<std::vector<Credential>> load_credentials(store::Database& database, int64_t since_micros) {
  SLUICE_ASSIGN(auto query, database.prepare(fmt::format(
                                "SELECT {} FROM credentials WHERE expires_micros > ?1 AND "
                                "(revoked_micros = 0 OR revoked_micros > ?1) "
                                "ORDER BY user, created_micros DESC, id",
                                kColumns)));
  query.bind(1, since_micros);
  return read_all(query);
}

Result<> end_by_time(store::Database& database, const std::vector<std::string>& ids) {
  SLUICE_ASSIGN(auto transaction, store::Transaction::begin(database));
  for (const std::string& id : ids) {
    SLUICE_ASSIGN(auto update,
                  database.prepare("UPDATE credentials SET revoked_micros = expires_micros "
                                   "WHERE id = ?1 AND revoked_micros = 0"));
    SLUICE_TRY(update.bind(1, id).run());
  }
  return transaction.commit();
}

Result<int64_t> end_credentials(store::Database& database, std::string_view user,
                                const std::vector<std::string>& methods) {
  constexpr const char* kEnd =
      "UPDATE credentials SET revoked_micros = ?2 WHERE user = ?1 AND revoked_micros = 0 AND "
      "expires_micros > ?2";
  // The last of the actors, who are separated by newlines.
  constexpr const char* kEndForThem =
      "UPDATE credentials SET revoked_micros = ?2 WHERE actors <> '' AND revoked_micros = 0 AND "
      "expires_micros > ?2 AND substr('\n' || actors, length('\n' || actors) - length(CAST(?1 AS "
      "TEXT)) + 1) = ?1";
  const int64_t now = wall_micros();
  if (methods.empty()) {
    SLUICE_ASSIGN(auto update, database.prepare(kEnd));
    SLUICE_TRY(update.bind(1, user).bind(2, now).run());
    const int64_t own = database.changes();
    SLUICE_ASSIGN(auto others, database.prepare(kEndForThem));
    SLUICE_TRY(others.bind(1, fmt::format("\n{}", user)).bind(2, now).run());
    return own + database.changes();
  }
  SLUICE_ASSIGN(auto update,
                database.prepare(std::string(kEnd) + " AND kind = 'session' AND method = ?3"));
  int64_t ended = 0;
  for (const auto& method : methods) {
    SLUICE_TRY(update.bind(1, user).bind(2, now).bind(3, method).run());
    ended += database.changes();
  }
  return ended;
}

}  // namespace sluice::identity
