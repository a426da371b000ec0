#include "store/state.h"

#include <sys/stat.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/random.h"
#include "store/agent_tables.h"
#include "store/approval_steps.h"
#include "store/database_tables.h"
#include "store/identity_steps.h"
#include "store/postgres.h"

namespace sluice::store {
namespace {

/// One of this name, `made_up` if there is none yet.
Result<std::string> secret(Database& database, std::string_view name, const std::string& made_up) {
  SLUICE_ASSIGN(auto query, database.prepare("SELECT value FROM secrets WHERE name = ?"));
  SLUICE_ASSIGN(bool found, query.bind(1, name).step());
  if (found) return query.text(0);
  query.reset();
  // Somebody else may be as fast: one of the two stays.
  SLUICE_ASSIGN(auto insert,
                database.prepare("INSERT INTO secrets VALUES (?, ?) ON CONFLICT DO NOTHING"));
  SLUICE_TRY(insert.bind(1, name).bind_blob(2, made_up).run());
  SLUICE_ASSIGN(found, query.step());
  if (!found) return fail(ErrorCode::kInternal, "a secret of the store is gone");
  return query.text(0);
}

constexpr const char* kEvents =
    "SELECT id, time_micros, actor, message, type, taken_by, taken_micros FROM "
    "waiting_admin_events ";

Result<std::vector<AdminEvent>> all_of(Statement& query) {
  std::vector<AdminEvent> events;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return events;
    events.push_back({query.integer(0), query.integer(1), query.text(2), query.text(3),
                      query.text(4), query.text(5), query.integer(6)});
  }
}

Result<std::vector<AdminEvent>> events_for(Database& database, std::string_view gateway,
                                           int64_t now_micros) {
  SLUICE_ASSIGN(auto query,
                database.prepare(std::string(kEvents) +
                                 "WHERE taken_by = '' OR taken_by = ?1 OR taken_micros < ?2 "
                                 "ORDER BY id LIMIT 1000"));
  query.bind(1, gateway).bind(2, now_micros - kAbandonedMicros);
  return all_of(query);
}

}  // namespace

std::string storable(std::string_view text) {
  std::string out = to_printable_utf8(text);
  for (size_t nul = out.find('\0'); nul != std::string::npos; nul = out.find('\0', nul))
    out.replace(nul, 1, "\\x00");
  return out;
}

std::span<const char* const> schema_steps() {
  static constexpr const char* kSteps[] = {
      R"(CREATE TABLE users (
           name TEXT PRIMARY KEY,
           groups TEXT NOT NULL,            -- separated by newlines
           scram_verifier TEXT NOT NULL,
           disabled INTEGER NOT NULL DEFAULT 0,
           created_micros INTEGER NOT NULL
         ) STRICT;
         CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
         CREATE TABLE waiting_admin_events (
           id INTEGER PRIMARY KEY AUTOINCREMENT,
           time_micros INTEGER NOT NULL,
           actor TEXT NOT NULL,
           message TEXT NOT NULL
         ) STRICT;)",
      R"(ALTER TABLE users ADD COLUMN kind TEXT NOT NULL DEFAULT 'human'
           CHECK (kind IN ('human', 'service', 'agent'));
         -- key=value, separated by newlines
         ALTER TABLE users ADD COLUMN attributes TEXT NOT NULL DEFAULT '';)",
      R"(CREATE TABLE policy_versions (
           number INTEGER PRIMARY KEY,
           time_micros INTEGER NOT NULL,
           hash TEXT NOT NULL,
           author TEXT NOT NULL,
           comment TEXT NOT NULL,
           text TEXT NOT NULL
         ) STRICT;
         CREATE TRIGGER policy_versions_stay BEFORE UPDATE ON policy_versions
           BEGIN SELECT RAISE(ABORT, 'versions of the policy are never changed'); END;
         CREATE TRIGGER policy_versions_remain BEFORE DELETE ON policy_versions
           BEGIN SELECT RAISE(ABORT, 'versions of the policy are never removed'); END;)",
      R"(CREATE TABLE column_corrections (
           number INTEGER PRIMARY KEY AUTOINCREMENT,
           time_micros INTEGER NOT NULL,
           database TEXT NOT NULL,
           schema TEXT NOT NULL,
           table_name TEXT NOT NULL,
           column_name TEXT NOT NULL,
           class TEXT NOT NULL,
           author TEXT NOT NULL,
           comment TEXT NOT NULL
         ) STRICT;
         CREATE TRIGGER column_corrections_stay BEFORE UPDATE ON column_corrections
           BEGIN SELECT RAISE(ABORT, 'corrections are never changed'); END;
         CREATE TRIGGER column_corrections_remain BEFORE DELETE ON column_corrections
           BEGIN SELECT RAISE(ABORT, 'corrections are never removed'); END;)",
      "ALTER TABLE waiting_admin_events ADD COLUMN type TEXT NOT NULL DEFAULT 'admin';",
      R"(CREATE TABLE witnessed (
           origin TEXT PRIMARY KEY,
           size INTEGER NOT NULL,
           root BLOB NOT NULL
         ) STRICT;)",
      R"(CREATE TABLE saved_searches (
           name TEXT PRIMARY KEY,
           query TEXT NOT NULL,             -- as in a URL
           author TEXT NOT NULL,
           time_micros INTEGER NOT NULL
         ) STRICT;)",
      R"(CREATE TABLE credentials (
           id TEXT PRIMARY KEY,
           user TEXT NOT NULL,              -- stays when the user is removed
           kind TEXT NOT NULL CHECK (kind IN ('session', 'token')),
           scram_verifier TEXT NOT NULL,
           digest BLOB NOT NULL UNIQUE,     -- SHA-256 of the secret
           databases TEXT NOT NULL,         -- separated by newlines, as all lists here
           created_micros INTEGER NOT NULL,
           expires_micros INTEGER NOT NULL,
           revoked_micros INTEGER NOT NULL, -- 0: it is not
           last_used_micros INTEGER NOT NULL,
           label TEXT NOT NULL,
           method TEXT NOT NULL,
           issuer TEXT NOT NULL,
           acr TEXT NOT NULL,
           amr TEXT NOT NULL,
           authenticated_micros INTEGER NOT NULL,
           actors TEXT NOT NULL,
           scopes TEXT NOT NULL
         ) STRICT;
         CREATE INDEX credentials_of ON credentials (user, created_micros);
         -- RFC 6238; empty: none. The step of the last code that was taken, so that none is twice.
         ALTER TABLE users ADD COLUMN totp_secret BLOB NOT NULL DEFAULT x'';
         ALTER TABLE users ADD COLUMN totp_step INTEGER NOT NULL DEFAULT 0;)",
      R"(CREATE TABLE approval_requests (
           number INTEGER PRIMARY KEY AUTOINCREMENT,
           state TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'rejected', 'expired',
                                                'withdrawn', 'used')),
           created_micros INTEGER NOT NULL,
           expires_micros INTEGER NOT NULL,
           statement BLOB NOT NULL,
           parameters BLOB NOT NULL,
           requester TEXT NOT NULL,
           database TEXT NOT NULL,
           session BLOB NOT NULL,
           schema TEXT NOT NULL,
           policy TEXT NOT NULL,
           persons TEXT NOT NULL,           -- JSON
           requester_kind TEXT NOT NULL,
           environment TEXT NOT NULL,
           session_id INTEGER NOT NULL,
           needs TEXT NOT NULL,             -- JSON
           max_rows TEXT NOT NULL,          -- empty: no limit
           brief TEXT NOT NULL,             -- JSON
           evidence TEXT NOT NULL,          -- JSON
           automatic INTEGER NOT NULL,
           reason TEXT NOT NULL,
           granted TEXT NOT NULL,           -- digest of what was approved
           used_micros INTEGER NOT NULL
         ) STRICT;
         CREATE INDEX approval_requests_open ON approval_requests (requester, database)
           WHERE state IN ('waiting', 'approved');
         CREATE TABLE approval_votes (
           id INTEGER PRIMARY KEY AUTOINCREMENT,
           request INTEGER NOT NULL REFERENCES approval_requests,
           voter TEXT NOT NULL,
           verdict TEXT NOT NULL CHECK (verdict IN ('approve', 'reject', 'comment')),
           comment TEXT NOT NULL,
           authentication TEXT NOT NULL,
           time_micros INTEGER NOT NULL,
           max_rows TEXT NOT NULL
         ) STRICT;
         CREATE INDEX approval_votes_of ON approval_votes (request);
         CREATE TRIGGER approval_votes_stay BEFORE UPDATE ON approval_votes
           BEGIN SELECT RAISE(ABORT, 'votes are never changed'); END;
         CREATE TRIGGER approval_votes_remain BEFORE DELETE ON approval_votes
           BEGIN SELECT RAISE(ABORT, 'votes are never removed'); END;
         CREATE TABLE approval_clock (
           one INTEGER PRIMARY KEY CHECK (one = 1),
           micros INTEGER NOT NULL
         ) STRICT;)",
      R"(CREATE TABLE wal_marks (
           database TEXT NOT NULL,
           slot TEXT NOT NULL,
           lsn TEXT NOT NULL,
           PRIMARY KEY (database, slot)
         ) STRICT;)",
      R"(-- Who somebody is at an issuer; the user's time of creation, since names are used again.
         CREATE TABLE federated_identities (
           issuer TEXT NOT NULL,
           subject TEXT NOT NULL,
           user TEXT NOT NULL,
           user_created_micros INTEGER NOT NULL,
           time_micros INTEGER NOT NULL,
           PRIMARY KEY (issuer, subject)
         ) STRICT;
         CREATE INDEX federated_identities_of ON federated_identities (user);
         -- The issuer at whose word the user was made; empty: an operator's.
         ALTER TABLE users ADD COLUMN made_by TEXT NOT NULL DEFAULT '';)",
      R"(CREATE TABLE undo_entries (
           id INTEGER PRIMARY KEY AUTOINCREMENT,
           request INTEGER NOT NULL,
           requester TEXT NOT NULL,
           database TEXT NOT NULL,
           summary TEXT NOT NULL,
           created_micros INTEGER NOT NULL,
           until_micros INTEGER NOT NULL,
           state TEXT NOT NULL CHECK (state IN ('kept', 'undone', 'gone')),
           undone_by TEXT NOT NULL,
           place TEXT NOT NULL,             -- schema at the server; empty: rows, here
           sealed BLOB NOT NULL             -- encrypted with the key in undo.key
         ) STRICT;
         CREATE INDEX undo_entries_of ON undo_entries (request);)",
      R"(CREATE TABLE changes (
           number INTEGER PRIMARY KEY AUTOINCREMENT,
           state TEXT NOT NULL,
           created_micros INTEGER NOT NULL,
           requester TEXT NOT NULL,
           actors TEXT NOT NULL,            -- JSON
           title TEXT NOT NULL,
           reason TEXT NOT NULL,
           ticket TEXT NOT NULL,
           targets TEXT NOT NULL,           -- JSON
           script TEXT NOT NULL,
           rollback_script TEXT NOT NULL,   -- empty: none
           lock_timeout_ms INTEGER NOT NULL,
           statement_timeout_ms INTEGER NOT NULL,
           request INTEGER NOT NULL,        -- in approval_requests; 0: none
           problem TEXT NOT NULL,
           runner TEXT NOT NULL,            -- the gateway that runs it
           started_micros INTEGER NOT NULL,
           ended_micros INTEGER NOT NULL,
           schemas_after TEXT NOT NULL      -- JSON
         ) STRICT;
         CREATE TABLE change_steps (
           id INTEGER PRIMARY KEY AUTOINCREMENT,
           change INTEGER NOT NULL REFERENCES changes,
           part TEXT NOT NULL,
           target INTEGER NOT NULL,
           step INTEGER NOT NULL,
           state TEXT NOT NULL,
           started_micros INTEGER NOT NULL,
           ended_micros INTEGER NOT NULL,
           message TEXT NOT NULL,
           UNIQUE (change, part, target, step)
         ) STRICT;)",
      R"(ALTER TABLE waiting_admin_events ADD COLUMN taken_by TEXT NOT NULL DEFAULT '';
         ALTER TABLE waiting_admin_events ADD COLUMN taken_micros INTEGER NOT NULL DEFAULT 0;)",
      // With which a service signs for whom it acts; empty: it acts for itself alone.
      "ALTER TABLE users ADD COLUMN assertion_key BLOB NOT NULL DEFAULT x'';",
      R"(CREATE TABLE legal_holds (
           name TEXT PRIMARY KEY,
           query TEXT NOT NULL,             -- which records, as in a URL
           reason TEXT NOT NULL,
           author TEXT NOT NULL,
           time_micros INTEGER NOT NULL
         ) STRICT;)",
      R"(-- Groups that somebody has for a while at one database. What was asked for and its end are never
         -- changed but forward; `holder_created_micros` since names are used again.
         CREATE TABLE grants (
           number INTEGER PRIMARY KEY AUTOINCREMENT,
           state TEXT NOT NULL CHECK (state IN ('waiting', 'active', 'refused', 'returned', 'revoked',
                                                'expired', 'extended')),
           holder TEXT NOT NULL,
           holder_created_micros INTEGER NOT NULL,
           person TEXT NOT NULL,
           acts_for TEXT NOT NULL,          -- empty: counts in all of the holder's sessions
           role TEXT NOT NULL,
           at_database TEXT NOT NULL,
           role_groups TEXT NOT NULL,       -- separated by newlines
           lasts_micros INTEGER NOT NULL,   -- as asked for
           request INTEGER NOT NULL,        -- in approval_requests; 0: nobody was asked
           extends INTEGER NOT NULL,        -- the grant whose end it moves; 0: none
           reason TEXT NOT NULL,
           ticket TEXT NOT NULL,
           created_micros INTEGER NOT NULL,
           from_micros INTEGER NOT NULL,    -- 0: not yet
           until_micros INTEGER NOT NULL,
           ended_micros INTEGER NOT NULL,   -- 0: not yet
           ended_by TEXT NOT NULL,
           ended_why TEXT NOT NULL,
           last_used_micros INTEGER NOT NULL,
           break_glass INTEGER NOT NULL,
           review_by TEXT NOT NULL,         -- groups, separated by newlines
           review_due_micros INTEGER NOT NULL,
           reviewed_micros INTEGER NOT NULL,
           reviewer TEXT NOT NULL,
           verdict TEXT NOT NULL CHECK (verdict IN ('', 'ok', 'concern')),
           review_comment TEXT NOT NULL,
           overdue_told INTEGER NOT NULL
         ) STRICT;
         CREATE INDEX grants_open ON grants (state) WHERE state IN ('waiting', 'active');
         CREATE INDEX grants_of ON grants (person);
         -- Who has broken the glass does not break it again before somebody has looked at it.
         CREATE UNIQUE INDEX grants_to_review ON grants (person)
           WHERE break_glass = 1 AND reviewed_micros = 0;
         CREATE TABLE access_decisions (
           number INTEGER PRIMARY KEY AUTOINCREMENT,
           time_micros INTEGER NOT NULL,
           decision TEXT NOT NULL CHECK (decision IN ('keep', 'revoke')),
           holder TEXT NOT NULL,
           what TEXT NOT NULL CHECK (what IN ('group', 'credential', 'grant')),
           name TEXT NOT NULL,
           author TEXT NOT NULL,
           note TEXT NOT NULL
         ) STRICT;
         CREATE TRIGGER access_decisions_stay BEFORE UPDATE ON access_decisions
           BEGIN SELECT RAISE(ABORT, 'decisions on access are never changed'); END;
         CREATE TRIGGER access_decisions_remain BEFORE DELETE ON access_decisions
           BEGIN SELECT RAISE(ABORT, 'decisions on access are never removed'); END;
         -- 0: never.
         ALTER TABLE users ADD COLUMN last_login_micros INTEGER NOT NULL DEFAULT 0;)",
      R"(-- What an identity provider keeps here over SCIM. Its users are in `users` too, made_by 'scim';
         -- of users.disabled, bit 1 is an operator's, and bit 2 the identity provider's.
         CREATE TABLE scim_users (
           id TEXT PRIMARY KEY,
           name TEXT NOT NULL UNIQUE,       -- in users
           external_id TEXT NOT NULL,
           profile TEXT NOT NULL,           -- JSON
           created_micros INTEGER NOT NULL,
           modified_micros INTEGER NOT NULL,
           version INTEGER NOT NULL
         ) STRICT;
         CREATE TABLE scim_groups (
           id TEXT PRIMARY KEY,
           name TEXT NOT NULL UNIQUE,
           external_id TEXT NOT NULL,
           created_micros INTEGER NOT NULL,
           modified_micros INTEGER NOT NULL,
           version INTEGER NOT NULL
         ) STRICT;
         CREATE TABLE scim_members (
           group_id TEXT NOT NULL,
           user_id TEXT NOT NULL,
           PRIMARY KEY (group_id, user_id)
         ) STRICT;
         CREATE INDEX scim_members_of ON scim_members (user_id);
         -- No login makes them again.
         CREATE TABLE scim_removed (name TEXT PRIMARY KEY, time_micros INTEGER NOT NULL) STRICT;
         CREATE TABLE scim_tokens (
           id TEXT PRIMARY KEY,
           digest BLOB NOT NULL UNIQUE,     -- SHA-256 of the secret
           label TEXT NOT NULL,
           author TEXT NOT NULL,
           created_micros INTEGER NOT NULL,
           expires_micros INTEGER NOT NULL,
           revoked_micros INTEGER NOT NULL, -- 0: it is not
           last_used_micros INTEGER NOT NULL
         ) STRICT;)",
      R"(-- What people are told of outside: written with what it tells of (notices.h).
         CREATE TABLE notices (
           id INTEGER PRIMARY KEY AUTOINCREMENT,
           time_micros INTEGER NOT NULL,
           event TEXT NOT NULL,
           request INTEGER NOT NULL,        -- in approval_requests; 0: it is of none
           actor TEXT NOT NULL,
           message TEXT NOT NULL
         ) STRICT;
         CREATE INDEX notices_by_time ON notices (time_micros);
         CREATE TABLE webhook_places (
           webhook TEXT PRIMARY KEY,
           told INTEGER NOT NULL,           -- the last notice that it needs no more
           taken_by TEXT NOT NULL,          -- the gateway that tells the next ones
           taken_micros INTEGER NOT NULL
         ) STRICT;
         -- Answers that have been taken, so that none is twice.
         CREATE TABLE webhook_answers (
           webhook TEXT NOT NULL,
           id TEXT NOT NULL,
           time_micros INTEGER NOT NULL,
           PRIMARY KEY (webhook, id)
         ) STRICT;)",
      R"(-- Votes that somebody else may give for a while.
         CREATE TABLE approval_delegations (
           number INTEGER PRIMARY KEY AUTOINCREMENT,
           delegator TEXT NOT NULL,
           delegate TEXT NOT NULL,
           begin_micros INTEGER NOT NULL,
           until_micros INTEGER NOT NULL,
           created_micros INTEGER NOT NULL,
           ended_micros INTEGER NOT NULL,   -- taken back; 0: it was not
           reason TEXT NOT NULL
         ) STRICT;
         -- Whose vote it is, where somebody else has given it; empty: the voter's own.
         ALTER TABLE approval_votes ADD COLUMN on_behalf TEXT NOT NULL DEFAULT '';
         -- Who is asked too has been told.
         CREATE TABLE approval_escalations (
           request INTEGER NOT NULL REFERENCES approval_requests,
           after_micros INTEGER NOT NULL,
           PRIMARY KEY (request, after_micros)
         ) STRICT;)",
      R"(-- What the token said of its holder's device and the like: name=value, by newlines.
         ALTER TABLE credentials ADD COLUMN claims TEXT NOT NULL DEFAULT '';)",
      // A DSSE envelope; empty: none was given.
      "ALTER TABLE changes ADD COLUMN attestation TEXT NOT NULL DEFAULT '';",
      kAgentPrompts,
      kAgentTaints,
      // 0: never.
      "ALTER TABLE users ADD COLUMN valid_until_micros INTEGER NOT NULL DEFAULT 0;",
      kBudgetUse,
      R"(CREATE INDEX approval_requests_by_state ON approval_requests (state, number);
         CREATE INDEX approval_requests_by_requester ON approval_requests (requester, number);)",
      kKeptDatabases,
      kScimRemovedWords,
      kUsersRenamed,
      kRequestLogins,
  };
  return kSteps;
}

Result<Database> open_local(const std::filesystem::path& state) {
  std::error_code error;
  if (!std::filesystem::exists(state, error)) {
    std::filesystem::create_directories(state, error);
    if (error) return fail(ErrorCode::kIo, "create " + state.string() + ": " + error.message());
    chmod(state.c_str(), 0700);
  }
  SLUICE_ASSIGN(auto database, Database::open(state / "sluice.db"));
  SLUICE_TRY(database.migrate(schema_steps()));
  return database;
}

Result<Database> open_state(const config::Config& config) {
  if (!config.store.shared()) return open_local(config.state);
  SLUICE_ASSIGN(auto backend, open_postgres(config.store));
  Database database(std::move(backend));
  SLUICE_TRY(database.migrate(schema_steps()));
  return database;
}

Result<std::string> installation_secret(Database& database) {
  return secret(database, "scram-mock", random_string(32));
}

Result<std::string> gateway_name(Database& local) {
  return secret(local, "gateway-name", to_hex(random_string(8)));
}

Result<> leave_admin_event(Database& database, std::string_view actor, std::string_view message) {
  return leave_event(database, "admin", actor, message);
}

Result<> leave_event(Database& database, std::string_view type, std::string_view actor,
                     std::string_view message) {
  SLUICE_ASSIGN(auto insert, database.prepare("INSERT INTO waiting_admin_events (time_micros, "
                                              "actor, message, type) VALUES (?, ?, ?, ?)"));
  return insert.bind(1, wall_micros())
      .bind(2, storable(actor))
      .bind(3, storable(message))
      .bind(4, type)
      .run();
}

Result<std::vector<AdminEvent>> waiting_admin_events(Database& database) {
  SLUICE_ASSIGN(auto query, database.prepare(std::string(kEvents) + "ORDER BY id"));
  return all_of(query);
}

Result<std::vector<AdminEvent>> take_admin_events(Database& database, std::string_view gateway,
                                                  int64_t now_micros) {
  SLUICE_ASSIGN(auto events, events_for(database, gateway, now_micros));
  if (events.empty()) return events;
  SLUICE_ASSIGN(auto transaction, Transaction::begin(database));
  SLUICE_ASSIGN(events, events_for(database, gateway, now_micros));
  SLUICE_ASSIGN(auto take, database.prepare("UPDATE waiting_admin_events SET taken_by = ?, "
                                            "taken_micros = ? WHERE id = ?"));
  for (const auto& event : events) {
    // Each writing is a change that others look at.
    const bool fresh = event.taken_micros > now_micros - kAbandonedMicros / 2;
    if (event.taken_by == gateway && fresh) continue;
    SLUICE_TRY(take.bind(1, gateway).bind(2, now_micros).bind(3, event.id).run());
  }
  SLUICE_TRY(transaction.commit());
  return events;
}

Result<> forget_admin_event(Database& database, int64_t id) {
  SLUICE_ASSIGN(auto remove, database.prepare("DELETE FROM waiting_admin_events WHERE id = ?"));
  return remove.bind(1, id).run();
}

}  // namespace sluice::store
