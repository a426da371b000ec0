#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/filters.h"
#include "audit/search.h"
#include "base/parse_time.h"
#include "base/result.h"
#include "cli/output.h"
#include "policy/policy.h"

namespace sluice::cli {

/// What every command has: the configuration file and how listings look.
struct Common {
  std::string config_file;
  Format format = Format::kTable;
  size_t limit = 100;
};

// Each command prints what it has to say; an error is printed by the caller, with its exit code.

Result<> serve(const Common& common);

struct UserOptions {
  std::string name;
  std::vector<std::string> groups;
  std::string kind;                     ///< "human", "service", "agent"; empty: human, or as it is
  std::vector<std::string> attributes;  ///< "key=value"
  std::string valid_until;              ///< identity::parse_valid_until; empty: as it is
  bool password_stdin = false;
  bool generate = false;
  bool no_password = false;     ///< they log in elsewhere
  std::string issuer, subject;  ///< who a user is at an identity provider
};
Result<> user_add(const Common& common, const UserOptions& options);
/// Changes kind, groups, attributes or the end of their time, those that are given.
Result<> user_set(const Common& common, const UserOptions& options);
Result<> user_list(const Common& common);
Result<> user_passwd(const Common& common, const UserOptions& options);
Result<> user_disable(const Common& common, const std::string& name, bool disabled);
/// Sets up one-time codes and prints what an authenticator app reads, or does away with them.
Result<> user_totp(const Common& common, const std::string& name, bool remove);
Result<> user_assertion_key(const Common& common, const std::string& name, bool remove);
/// Makes a user be a subject of an issuer from now on.
Result<> user_link(const Common& common, const UserOptions& options);
Result<> user_remove(const Common& common, const std::string& name);

struct DatabaseOptions {
  std::string name;
  std::string environment, url, user;  ///< set: empty stays as it is
  std::string authority;               ///< a file with certificates (PEM)
  std::string masking, stamp_writes;   ///< "on", "off"; empty: as it is, or the default
  unsigned pool_size = 0;              ///< the same
  bool password_stdin = false;
  bool check_only = false;
};
Result<> database_list(const Common& common);
Result<> database_check(const Common& common, const std::string& name);
/// Databases that are kept in the store, while the gateway runs.
Result<> database_add(const Common& common, const DatabaseOptions& options);
Result<> database_set(const Common& common, const DatabaseOptions& options);
Result<> database_remove(const Common& common, const std::string& name);

Result<> session_list(const Common& common);
Result<> session_kill(const Common& common, uint64_t id);

struct AuditOptions {
  audit::Given filters;  ///< as they were given
  std::string order;     ///< audit::parse_order
  std::string cursor;    ///< where the last page ended
  std::string count_by;  ///< fields, separated by commas
  std::string over;      ///< counts: how long a span of time is
  std::string save, saved;
};
/// What they ask for; a saved search first, so that what is given besides replaces its parts.
Result<audit::Query> query_of(const Common& common, const AuditOptions& options);
Result<> audit_search(const Common& common, const AuditOptions& options);
Result<> audit_searches(const Common& common);
Result<> audit_forget_search(const Common& common, const std::string& name);
Result<> audit_tail(const Common& common, const AuditOptions& options);
Result<> audit_show(const Common& common, uint64_t id);
/// How the running gateway's streams are doing.
Result<> audit_streams(const Common& common);

struct EvidenceOptions {
  std::string log;  ///< a folder with log/ and tlog/; empty: that of the configuration
  std::vector<std::string> keys;         ///< public keys, or files that hold them
  std::vector<std::string> checkpoints;  ///< files with checkpoints that were kept elsewhere
  std::string receipt;                   ///< a file
  std::string records;                   ///< "17" or "17-30"
  std::string proof;                     ///< export: the folder to make
  std::string reason;                    ///< erase: why
  bool rotate = false;
  bool witness = false;
  uint64_t id = 0;
};
/// Fails where something is wrong with the log.
Result<> audit_verify(const Common& common, const EvidenceOptions& options);
Result<> audit_receipt(const Common& common, const EvidenceOptions& options);
Result<> audit_export(const Common& common, const AuditOptions& options,
                      const EvidenceOptions& evidence);
Result<> audit_erase(const Common& common, const EvidenceOptions& options);
Result<> audit_key(const Common& common, const EvidenceOptions& options);

struct HoldOptions {
  std::string name, reason;
};
/// Keeps the records that the filters say from being erased.
Result<> audit_hold_add(const Common& common, const AuditOptions& options, const HoldOptions& hold);
Result<> audit_hold_list(const Common& common);
Result<> audit_hold_release(const Common& common, const HoldOptions& hold);
/// What the retention rules would take, or with `run` take now.
Result<> audit_retention(const Common& common, bool run);

/// What happened in a session; with `results` also what of it was kept. kDenied: some of that is
/// not what it was.
Result<> audit_transcript(const Common& common, uint64_t session, bool results);
/// What was kept of the result of the statement with this record.
Result<> audit_result(const Common& common, uint64_t record);

struct HistoryOptions {
  std::string table, database, column;
  bool definitions = false;
  std::string where;  ///< "id=42"
  std::string since, until;
};
Result<> audit_history(const Common& common, const HistoryOptions& options);

struct WhoSawOptions {
  std::string value;
  bool masked_too = false;
  bool exact = false;  ///< no other spellings of a telephone number
  std::string since, until;
};
Result<> audit_who_saw(const Common& common, const WhoSawOptions& options);

/// How many sensitive values people have seen, by day.
Result<> audit_subjects(const Common& common, const AuditOptions& options);

struct ReconcileOptions {
  std::string database;
  std::string slot;   ///< empty: made of the database's name
  std::string since;  ///< only what was committed from then on; the slot stays where it is
  bool create_slot = false;
  bool keep = false;  ///< the slot stays where it is
};
/// Fails where the server has committed what no record explains.
Result<> audit_reconcile(const Common& common, const ReconcileOptions& options);

struct LintOptions {
  std::string file;      ///< "-" for standard input
  bool rules = false;    ///< print the rules instead
  std::string database;  ///< whose catalog the running gateway is asked for; empty: none
};
/// Succeeds when nothing worse than advice was found.
Result<> lint(const Common& common, const LintOptions& options);

struct PolicyOptions {
  std::string file;    ///< of check, test (the cases) and diff (the old policy)
  std::string policy;  ///< a file or a shipped profile; empty: the one in force
  std::string user, database, sql;
  std::string acts_for, end_user;  ///< of explain: for whom `user` acts
  std::string since, until;
  uint64_t limit = 0;    ///< of records, the newest; 0: as many as the gateway looks at
  bool offline = false;  ///< without a gateway; test: names as written; save: into the store itself
  std::string comment;
  std::optional<int64_t> expect;  ///< the latest version must have this number
  int64_t number = 0;             ///< of a version in the store; show: 0 for the policy in force
};
/// A policy file ("-" is standard input), or a shipped profile by its name.
Result<std::shared_ptr<const policy::Policy>> load_policy_named(const std::string& file);
Result<> policy_show(const Common& common, const PolicyOptions& options);
Result<> policy_check(const Common& common, const PolicyOptions& options);
Result<> policy_explain(const Common& common, const PolicyOptions& options);
/// Fails when a case does.
Result<> policy_test(const Common& common, const PolicyOptions& options);
Result<> policy_replay(const Common& common, const PolicyOptions& options);
/// What rules in shadow would have done.
Result<> policy_shadow(const Common& common, const PolicyOptions& options);
Result<> policy_diff(const Common& common, const PolicyOptions& options);
/// Keeps a policy in the store and puts it in force.
Result<> policy_save(const Common& common, const PolicyOptions& options);
Result<> policy_history(const Common& common);
/// Saves the text of an old version as a new one.
Result<> policy_rollback(const Common& common, const PolicyOptions& options);

struct DataOptions {
  std::string name;     ///< list: a database, or empty; else DATABASE.SCHEMA.TABLE[.COLUMN]
  std::string cls;      ///< list: only of this class
  bool all = false;     ///< list: also what holds nothing sensitive
  std::string word;     ///< set: "class=NAME"
  std::string comment;  ///< set: why
};
Result<> data_list(const Common& common, const DataOptions& options);
Result<> data_explain(const Common& common, const DataOptions& options);
Result<> data_set(const Common& common, const DataOptions& options);
Result<> data_history(const Common& common);

/// Who does something, and how they prove that it is them.
struct ProofOptions {
  std::string user = {};  ///< empty: SLUICE_TOKEN, or whose login is kept
  std::string totp = {};  ///< their one-time code, where they have one
  bool password_stdin = false;
};

struct GrantOptions {
  std::string database, role, lasts, reason, ticket;  ///< of what is asked for
  bool no_wait = false;
  int64_t number = 0;
  std::string state, holder;  ///< list: only those
  std::string comment;
  ProofOptions who;
  // review: what is looked at, and what is said to it.
  bool ok = false, concern = false, keep = false, revoke = false;
  std::string of_user, group, credential;
  int64_t grant = 0;
};
/// Asks for a role, and waits until it is decided on.
Result<> grant_request(const Common& common, const GrantOptions& options);
Result<> grant_break_glass(const Common& common, const GrantOptions& options);
Result<> grant_list(const Common& common, const GrantOptions& options);
Result<> grant_show(const Common& common, const GrantOptions& options);
Result<> grant_extend(const Common& common, const GrantOptions& options);
/// `what`: "return" or "revoke".
Result<> grant_end(const Common& common, const GrantOptions& options, const std::string& what);
/// Of a glass that was broken, or of who holds what.
Result<> grant_review(const Common& common, const GrantOptions& options);

struct ApprovalOptions {
  int64_t number = 0;
  std::string state, requester;  ///< list: only those
  std::string user;              ///< who decides; empty: SLUICE_TOKEN, or whose login is kept
  std::string totp;              ///< their one-time code, where they have one
  bool password_stdin = false;
  std::string comment;
  std::optional<uint64_t> max_rows;
  bool preview = false, skip_conflicts = false;  ///< undo
  std::string on_behalf;                         ///< whose vote it is, if another's
  std::string to, from, until, reason;           ///< delegate
};
Result<> approval_list(const Common& common, const ApprovalOptions& options);
Result<> approval_show(const Common& common, const ApprovalOptions& options);
Result<> approval_explain(const Common& common, const ApprovalOptions& options);
/// Lets somebody else give one's vote.
Result<> approval_delegate(const Common& common, const ApprovalOptions& options);
Result<> approval_delegations(const Common& common);
Result<> approval_undelegate(const Common& common, const ApprovalOptions& options);
/// What of approved statements is kept to be undone.
Result<> approval_kept(const Common& common);
/// `preview`: says what would happen, and changes nothing. kDenied: it is not undone, since
/// something has changed since.
Result<> approval_undo(const Common& common, const ApprovalOptions& options);
/// `what`: "approve", "reject", "comment" or "withdraw".
Result<> approval_act(const Common& common, const ApprovalOptions& options,
                      const std::string& what);

Result<> config_check(const Common& common);
Result<> version(const Common& common);

/// Runs the command line; returns the exit code: 0 done, 1 failed, 2 wrong usage or configuration,
/// 3 not found, 4 exists already, 5 gateway or database cannot be reached.
int run(int argc, char** argv);

}  // namespace sluice::cli
