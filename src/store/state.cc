#include "store/state.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "base/random.h"

namespace sluice::store {

Result<Database> open_state(const std::filesystem::path& state) {
  std::error_code error;
  if (!std::filesystem::exists(state, error)) {
    std::filesystem::create_directories(state, error);
    if (error) return fail(ErrorCode::kIo, "create " + state.string() + ": " + error.message());
    chmod(state.c_str(), 0700);
  }
  SLUICE_ASSIGN(auto database, Database::open(state / "sluice.db"));
  SLUICE_TRY(database.migrate({
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
      "CREATE TABLE witnessed (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL) "
      "STRICT;",
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
  }));
  return database;
}

Result<std::string> installation_secret(Database& database) {
  SLUICE_ASSIGN(
      auto insert,
      database.prepare("INSERT INTO secrets VALUES ('scram-mock', ?) ON CONFLICT DO NOTHING"));
  SLUICE_TRY(insert.bind_blob(1, random_string(32)).run());
  SLUICE_ASSIGN(auto query,
                database.prepare("SELECT value FROM secrets WHERE name = 'scram-mock'"));
  SLUICE_ASSIGN([[maybe_unused]] const bool row, query.step());
  return query.text(0);
}

Result<> leave_admin_event(Database& database, std::string_view actor, std::string_view message) {
  return leave_event(database, "admin", actor, message);
}

Result<> leave_event(Database& database, std::string_view type, std::string_view actor,
                     std::string_view message) {
  SLUICE_ASSIGN(auto insert, database.prepare("INSERT INTO waiting_admin_events (time_micros, "
                                              "actor, message, type) VALUES (?, ?, ?, ?)"));
  return insert.bind(1, wall_micros()).bind(2, actor).bind(3, message).bind(4, type).run();
}

Result<std::vector<AdminEvent>> waiting_admin_events(Database& database) {
  SLUICE_ASSIGN(auto query, database.prepare("SELECT id, time_micros, actor, message, type "
                                             "FROM waiting_admin_events ORDER BY id"));
  std::vector<AdminEvent> events;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return events;
    events.push_back(
        {query.integer(0), query.integer(1), query.text(2), query.text(3), query.text(4)});
  }
}

Result<> forget_admin_event(Database& database, int64_t id) {
  SLUICE_ASSIGN(auto remove, database.prepare("DELETE FROM waiting_admin_events WHERE id = ?"));
  return remove.bind(1, id).run();
}

}  // namespace sluice::store
