// The command line itself; the one place that includes CLI11, which is slow to compile.
#include <algorithm>
#include <iostream>

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/completion.h"
#include "privacy/classes.h"

namespace sluice::cli {
namespace {

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidInput:
      return 2;
    case ErrorCode::kNotFound:
      return 3;
    case ErrorCode::kExists:
      return 4;
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
      return 5;
    default:
      return 1;
  }
}

/// Builds the command tree; a parsed command leaves in `action` what is to be done.
class CommandLine {
 public:
  CommandLine() {
    app_.require_subcommand(1);
    app_.option_defaults()->always_capture_default(false);
    app_.add_option("--config", common_.config_file, "Configuration file")
        ->envname("SLUICE_CONFIG")
        ->default_str("/etc/sluice/sluice.yaml");
    common_.config_file = "/etc/sluice/sluice.yaml";
    app_.fallthrough();
    app_.footer(
        "Examples:\n  sluice serve --config sluice.yaml\n  sluice user add alice --group "
        "engineering --password-stdin\n"
        "  sluice audit search --user alice --since 1h -o json\n\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 not found, 4 exists\n"
        "already, 5 gateway or database cannot be reached.");
    add(app_, "serve", "Run the gateway", "sluice serve --config sluice.yaml",
        [this] { return serve(common_); });
    add_users();
    add_databases();
    add_sessions();
    add_audit();
    add_policy();
    add_data();
    add_lint();
    auto* config = group("config", "The configuration file");
    formatted(add(*config, "check", "Check it, with every problem's line",
                  "sluice config check --config sluice.yaml",
                  [this] { return config_check(common_); }));
    formatted(add(app_, "version", "Print the version", "sluice version -o json",
                  [this] { return version(common_); }));
    auto* completion = add(app_, "completion", "Print a shell completion script",
                           "source <(sluice completion bash)", [this] {
                             std::cout << completion_script(shell_);
                             return Result<>();
                           });
    completion->add_option("shell", shell_, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      const int code = app_.exit(error);
      return code == 0 ? 0 : 2;
    }
    const auto done = action_();
    if (done) return 0;
    std::cerr << "sluice: " << done.error().text << '\n';
    return exit_code(done.error().code);
  }

 private:
  CLI::App* group(const std::string& name, const std::string& help) {
    auto* sub = app_.add_subcommand(name, help);
    sub->require_subcommand(1);
    return sub;
  }

  CLI::App* add(CLI::App& parent, const std::string& name, const std::string& help,
                const std::string& example, std::function<Result<>()> action) {
    auto* sub = parent.add_subcommand(name, help);
    sub->footer("Example:\n  " + example);
    sub->callback([this, action = std::move(action)] { action_ = action; });
    return sub;
  }

  CLI::App* formatted(CLI::App* sub) {
    static const std::map<std::string, Format> formats = {
        {"table", Format::kTable}, {"json", Format::kJson}, {"csv", Format::kCsv}};
    sub->add_option("-o,--output", common_.format, "table, json or csv")
        ->transform(CLI::CheckedTransformer(formats, CLI::ignore_case).description(""))
        ->type_name("FORMAT");
    return sub;
  }

  CLI::App* listing(CLI::App* sub) {
    sub->add_option("--limit", common_.limit, "At most so many (default 100)")->type_name("N");
    return formatted(sub);
  }

  void add_users() {
    auto* users = group("user", "People, services and agents who may connect");
    auto* add_user =
        add(*users, "add", "Add a user",
            "echo \"$PASSWORD\" | sluice user add alice --group engineering --password-stdin",
            [this] { return user_add(common_, user_); });
    named(add_user);
    described(add_user);
    with_password(add_user);
    auto* set = add(*users, "set", "Change a user's kind, groups or attributes for new sessions",
                    "sluice user set nightly --kind agent --attribute team=data",
                    [this] { return user_set(common_, user_); });
    named(set);
    described(set);
    listing(add(*users, "list", "List users", "sluice user list -o json",
                [this] { return user_list(common_); }));
    auto* passwd = add(*users, "passwd", "Change a password", "sluice user passwd alice",
                       [this] { return user_passwd(common_, user_); });
    named(passwd);
    with_password(passwd);
    named(add(*users, "disable", "Refuse a user from now on; running sessions end",
              "sluice user disable alice",
              [this] { return user_disable(common_, user_.name, true); }));
    named(add(*users, "enable", "Let a disabled user in again", "sluice user enable alice",
              [this] { return user_disable(common_, user_.name, false); }));
    named(add(*users, "remove", "Remove a user; the audit log keeps what they did",
              "sluice user remove alice", [this] { return user_remove(common_, user_.name); }));
  }

  void named(CLI::App* sub) { sub->add_option("name", user_.name, "User name")->required(); }
  void described(CLI::App* sub) {
    sub->add_option("--kind", user_.kind, "human (default), service or agent")
        ->check(CLI::IsMember({"human", "service", "agent"}))
        ->type_name("KIND");
    sub->add_option("--group", user_.groups, "Group; may be repeated")->type_name("GROUP");
    sub->add_option("--attribute", user_.attributes, "For policies to ask about; may be repeated")
        ->type_name("KEY=VALUE");
  }
  void with_password(CLI::App* sub) {
    sub->add_flag("--password-stdin", user_.password_stdin,
                  "Read the password from standard input");
    sub->add_flag("--generate", user_.generate, "Make a password and print it");
  }

  void add_databases() {
    auto* databases = group("database", "Databases behind the gateway");
    listing(add(*databases, "list", "List the configured databases", "sluice database list",
                [this] { return database_list(common_); }));
    auto* check =
        add(*databases, "check", "Let the running gateway try to log in",
            "sluice database check orders", [this] { return database_check(common_, database_); });
    check->add_option("name", database_, "Only this database");
    formatted(check);
  }

  void add_sessions() {
    auto* sessions = group("session", "Live sessions");
    listing(add(*sessions, "list", "List them", "sluice session list",
                [this] { return session_list(common_); }));
    auto* kill = add(*sessions, "kill", "End one", "sluice session kill 42",
                     [this] { return session_kill(common_, id_); });
    kill->add_option("id", id_, "From: sluice session list")->required();
  }

  void add_audit() {
    auto* audit = group("audit", "What happened");
    auto* search = filtered(listing(
        add(*audit, "search", "Find records, newest last",
            "sluice audit search --user alice --since 1h -o json\n  sluice audit search --words "
            "'customers email' --sort duration --limit 10\n  sluice audit search --decision denied "
            "--since 7d --count-by user,table --over 1d\n  sluice audit search --class email "
            "--save emails\n  sluice audit search --saved emails --since 1h",
            [this] { return audit_search(common_, audit_); })));
    search->add_option("--sort", audit_.order, "newest (default), oldest, duration or rows")
        ->check(CLI::IsMember({"newest", "oldest", "duration", "rows"}));
    search->add_option("--cursor", audit_.cursor, "Go on where the last page ended")
        ->type_name("CURSOR");
    search
        ->add_option("--count-by", audit_.count_by,
                     "Count instead, by fields: user, table, class, decision, …")
        ->type_name("FIELD,…");
    search->add_option("--over", audit_.over, "Count instead, over spans of time: 1h, 1d")
        ->type_name("SPAN");
    search->add_option("--save", audit_.save, "Keep these filters under a name")->type_name("NAME");
    listing(add(*audit, "searches", "List saved searches", "sluice audit searches",
                [this] { return audit_searches(common_); }));
    auto* forget =
        add(*audit, "forget-search", "Remove a saved search", "sluice audit forget-search emails",
            [this] { return audit_forget_search(common_, database_); });
    forget->add_option("name", database_, "From: sluice audit searches")->required();
    auto* tail = filtered(formatted(add(*audit, "tail", "Follow records as they are written",
                                        "sluice audit tail --database orders", [this] {
                                          common_.limit = tail_limit_;
                                          return audit_tail(common_, audit_);
                                        })));
    tail->add_option("--limit", tail_limit_, "Stop after so many (default: never)")->type_name("N");
    auto* show =
        formatted(add(*audit, "show", "Show one record whole", "sluice audit show 1234 -o json",
                      [this] { return audit_show(common_, id_); }));
    show->add_option("id", id_, "From: sluice audit search")->required();
    formatted(add(*audit, "streams", "How the streams of records are doing",
                  "sluice audit streams -o json", [this] { return audit_streams(common_); }));
    add_evidence(*audit);
  }

  void add_who_saw(CLI::App& audit) {
    auto* who =
        listing(add(audit, "who-saw", "List who has received a value, when and through what",
                    "sluice audit who-saw alice@example.com --since 90d\n  sluice audit "
                    "who-saw '4111 1111 1111 1111' --masked-too -o csv",
                    [this] { return audit_who_saw(common_, who_saw_); }));
    who->add_option("value", who_saw_.value, "An e-mail, card, telephone number, id, name, …")
        ->required();
    who->add_flag("--masked-too", who_saw_.masked_too, "Also who received it masked");
    who->add_option("--since", who_saw_.since, "1h, 2d or 2026-11-24T09:30:00Z")->type_name("TIME");
    who->add_option("--until", who_saw_.until, "The same")->type_name("TIME");
  }

  void add_history(CLI::App& audit) {
    auto* past = listing(add(audit, "history", "List what changed a table, a column or a row",
                             "sluice audit history public.orders --where id=42\n  sluice audit "
                             "history orders --column status --since 7d\n\nrow: named, where the "
                             "statement has the value; else it may have changed that row too.",
                             [this] { return audit_history(common_, history_); }));
    auto& h = history_;
    past->add_option("table", h.table, "TABLE or SCHEMA.TABLE")->required();
    past->add_option("--database", h.database, "Only there")->type_name("NAME");
    past->add_option("--column", h.column, "Only what may have changed it")->type_name("NAME");
    past->add_option("--where", h.where, "A row")->type_name("COLUMN=VALUE");
    past->add_option("--since", h.since, "1h, 2d or 2026-11-24T09:30:00Z")->type_name("TIME");
    past->add_option("--until", h.until, "The same")->type_name("TIME");
  }

  void add_evidence(CLI::App& audit) {
    add_who_saw(audit);
    auto* transcript = formatted(
        add(audit, "transcript", "Tell what happened in a session, with its timing",
            "sluice audit transcript 42", [this] { return audit_transcript(common_, id_); }));
    transcript->add_option("session", id_, "Session id, from: sluice audit search")->required();
    add_history(audit);
    auto& e = evidence_;
    auto* verify = formatted(
        add(audit, "verify", "Check that nothing was altered, dropped, moved or cut off",
            "sluice audit verify\n  sluice audit verify --log copy/of/audit --public-key key.pub "
            "--checkpoint kept-last-month\n  sluice audit verify --receipt r.tlog-proof "
            "--public-key key.pub\n\nExit code 1: something is wrong; it says what and where.",
            [this] { return audit_verify(common_, evidence_); }));
    verify->add_option("--log", e.log, "A folder with log/ and tlog/; needs no configuration")
        ->type_name("DIR");
    verify->add_option("--public-key", e.keys, "The key, or its file; may be repeated")
        ->type_name("KEY");
    verify
        ->add_option("--checkpoint", e.checkpoints, "One that was kept elsewhere; may be repeated")
        ->type_name("FILE");
    verify->add_option("--record", e.id, "Only this record, with its proof")->type_name("ID");
    verify->add_option("--range", e.records, "Only these records")->type_name("FIRST-LAST");
    verify->add_option("--receipt", e.receipt, "Only this receipt; - for standard input")
        ->type_name("FILE");
    auto* receipt = add(audit, "receipt", "Print a record with the proof that it is in the log",
                        "sluice audit receipt 1234 > 1234.tlog-proof",
                        [this] { return audit_receipt(common_, evidence_); });
    receipt->add_option("id", e.id, "From: sluice audit search")->required();
    auto* out = filtered(
        add(audit, "export", "Write records as JSON lines, or with proofs into a folder",
            "sluice audit export --since 7d --limit 100000 > week.jsonl\n  sluice audit export "
            "--user alice --proof for-the-auditor",
            [this] { return audit_export(common_, audit_, evidence_); }));
    out->add_option("--limit", common_.limit, "At most so many (default 100)")->type_name("N");
    out->add_option("--proof", e.proof, "A new folder, with receipts and how to check them")
        ->type_name("DIR");
    auto* erase = add(audit, "erase", "Remove what records say, for good; their proofs stay valid",
                      "sluice audit erase --records 17-30 --reason 'request 2026-118'",
                      [this] { return audit_erase(common_, evidence_); });
    erase->add_option("--records", e.records, "Which")->required()->type_name("FIRST-LAST");
    erase->add_option("--reason", e.reason, "Why; goes on the record")
        ->required()
        ->type_name("TEXT");
    auto* key = add(audit, "key", "Print the public key of the log",
                    "sluice audit key > key.pub\n  sluice audit key --rotate",
                    [this] { return audit_key(common_, evidence_); });
    key->add_flag("--rotate", e.rotate, "Make a new key, which the old one signs in");
    key->add_flag("--witness", e.witness, "The key that cosigns other logs (audit.witness)");
  }

  void add_policy() {
    auto* policies = group("policy", "Rules, and what they do");
    auto* show =
        formatted(add(*policies, "show", "Print the policy in force, or a version in the store",
                      "sluice policy show\n  sluice policy show --version 3",
                      [this] { return policy_show(common_, policy_); }));
    show->add_option("--version", policy_.number, "From: sluice policy history")
        ->check(CLI::PositiveNumber)
        ->type_name("N");
    auto* check = formatted(
        add(*policies, "check", "Check a policy file, with every problem's line",
            "sluice policy check policy.yaml", [this] { return policy_check(common_, policy_); }));
    check->add_option("file", policy_.file, "Policy file, or a shipped profile")->required();
    auto* explain = formatted(
        add(*policies, "explain", "Say what a statement does and why each rule matches it or not",
            "sluice policy explain --user alice --database orders 'DELETE FROM payments'\n\nThe "
            "statement is not run.",
            [this] { return policy_explain(common_, policy_); }));
    explain->add_option("--user", policy_.user, "As whom")->required()->type_name("NAME");
    explain->add_option("--database", policy_.database, "Where")->required()->type_name("NAME");
    explain->add_option("sql", policy_.sql, "The statement")->required()->type_name("SQL");
    with_policy(explain);
    auto* test = formatted(add(*policies, "test", "Run cases: who may do what",
                               "sluice policy test cases.yaml --policy policy.yaml",
                               [this] { return policy_test(common_, policy_); }));
    test->add_option("file", policy_.file, "Cases (docs/policy.md)")->required();
    test->add_flag("--offline", policy_.offline, "Without the running gateway: no catalog");
    with_policy(test);
    auto* replay =
        since(formatted(add(*policies, "replay", "Judge recorded statements by another policy",
                            "sluice policy replay --policy new.yaml --since 7d",
                            [this] { return policy_replay(common_, policy_); })));
    replay->add_option("--policy", policy_.policy, "Policy file, or a shipped profile")
        ->required()
        ->type_name("FILE");
    replay->add_option("--user", policy_.user, "Only of this user")->type_name("NAME");
    replay->add_option("--database", policy_.database, "Only there")->type_name("NAME");
    auto* diff = since(formatted(add(*policies, "diff",
                                     "Compare two policies, and with --since what changes for whom",
                                     "sluice policy diff standard policy.yaml --since 7d",
                                     [this] { return policy_diff(common_, policy_); })));
    diff->add_option("old", policy_.file, "Policy file, or a shipped profile")->required();
    diff->add_option("new", policy_.policy, "The same")->required();
    add_policy_store(*policies);
  }

  void add_policy_store(CLI::App& policies) {
    auto* save = add(policies, "save", "Keep a policy in the store and put it in force",
                     "sluice policy save policy.yaml --comment 'agents only read'\n  sluice policy "
                     "save policy.yaml --expect 3\n\nOnly where the configuration names no policy. "
                     "Exit code 4: somebody else has saved one.",
                     [this] { return policy_save(common_, policy_); });
    save->add_option("file", policy_.file, "Policy file, or a shipped profile")->required();
    save->add_option("--comment", policy_.comment, "Why, for the history")->type_name("TEXT");
    save->add_flag("--offline", policy_.offline,
                   "Straight into the store, where the gateway does not start");
    expecting(save);
    listing(add(policies, "history", "List the versions in the store, newest first",
                "sluice policy history --limit 10", [this] { return policy_history(common_); }));
    auto* rollback =
        add(policies, "rollback", "Save an old version's text as a new one and put it in force",
            "sluice policy rollback 2", [this] { return policy_rollback(common_, policy_); });
    rollback->add_option("number", policy_.number, "From: sluice policy history")
        ->required()
        ->type_name("N");
    expecting(rollback);
  }

  void expecting(CLI::App* sub) {
    sub->add_option("--expect", policy_.expect,
                    "Only while this is the latest version's number; 0: none yet")
        ->check(CLI::NonNegativeNumber)
        ->type_name("N");
  }

  void with_policy(CLI::App* sub) {
    sub->add_option("--policy", policy_.policy,
                    "Policy file or shipped profile (default: the one in force)")
        ->type_name("FILE");
  }

  void add_data() {
    auto* data = group("data", "What columns hold, and what is masked");
    auto* list = listing(
        add(*data, "list", "List the columns that hold something sensitive",
            "sluice data list orders\n  sluice data list --class email -o csv --limit 100000\n  "
            "sluice data list orders --all",
            [this] { return data_list(common_, data_); }));
    list->add_option("database", data_.name, "Only this database");
    list->add_option("--class", data_.cls, "Only of this class")->type_name("NAME");
    list->add_flag("--all", data_.all, "Also columns that hold nothing sensitive");
    auto* explain = formatted(add(*data, "explain", "Say why columns are taken for what they are",
                                  "sluice data explain orders.public.users\n  sluice data explain "
                                  "orders.public.users.nick",
                                  [this] { return data_explain(common_, data_); }));
    explain->add_option("name", data_.name, "DATABASE.SCHEMA.TABLE or a column of it")->required();
    auto* set =
        add(*data, "set", "Say what a column holds, from the next statement on",
            "sluice data set orders.public.users.nick class=none --comment 'made up by us'\n  "
            "sluice data set orders.public.users.nick class=auto\n\nauto takes back what was said, "
            "none shows the column. Classes:\n  " +
                class_names(),
            [this] { return data_set(common_, data_); });
    set->add_option("column", data_.name, "DATABASE.SCHEMA.TABLE.COLUMN")->required();
    set->add_option("class", data_.word, "class=NAME")->required();
    set->add_option("--comment", data_.comment, "Why, for the history")->type_name("TEXT");
    listing(add(*data, "history", "List what people said, newest first",
                "sluice data history --limit 10", [this] { return data_history(common_); }));
  }

  /// A few to a line.
  static std::string class_names() {
    std::string out;
    size_t line = 0;
    for (const auto& each : privacy::classes()) {
      if (line + each.name.size() > 90) {
        out += "\n  ";
        line = 0;
      }
      out += std::string(each.name) + " ";
      line += each.name.size() + 1;
    }
    return out;
  }

  CLI::App* since(CLI::App* sub) {
    sub->add_option("--since", policy_.since, "1h, 2d or 2026-11-24T09:30:00Z")->type_name("TIME");
    sub->add_option("--until", policy_.until, "The same")->type_name("TIME");
    return sub;
  }

  void add_lint() {
    auto* sub = formatted(add(app_, "lint", "Check a script of schema changes for what would hurt",
                              "sluice lint migration.sql\n  sluice lint - -o json < migration.sql\n"
                              "  sluice lint --rules\n\nExit codes: 0 nothing worse than advice, "
                              "1 errors or warnings, 2 wrong usage.",
                              [this] { return lint(common_, lint_); }));
    sub->add_option("file", lint_.file, "SQL script; - for standard input")->type_name("FILE");
    sub->add_flag("--rules", lint_.rules, "Print all rules instead");
    sub->add_option("--database", lint_.database,
                    "Ask the running gateway for sizes and dependents in this database")
        ->type_name("NAME");
  }

  CLI::App* filtered(CLI::App* sub) {
    for (const audit::Filter& filter : audit::filters()) {
      std::string flag = "--" + std::string(filter.name);
      std::replace(flag.begin(), flag.end(), '_', '-');
      auto* option = sub->add_option_function<std::string>(
          flag,
          [this, &filter](const std::string& value) {
            audit_.filters.emplace_back(filter.name, value);
          },
          std::string(filter.about));
      option->type_name(std::string(filter.value));
      const std::vector<std::string> choices(filter.choices.begin(), filter.choices.end());
      if (!choices.empty()) option->check(CLI::IsMember(choices));
    }
    sub->add_option("--saved", audit_.saved, "Begin with a saved search")->type_name("NAME");
    return sub;
  }

  CLI::App app_{"Sluice: an identity-aware gateway in front of every database"};
  Common common_;
  UserOptions user_;
  AuditOptions audit_;
  EvidenceOptions evidence_;
  WhoSawOptions who_saw_;
  HistoryOptions history_;
  LintOptions lint_;
  PolicyOptions policy_;
  DataOptions data_;
  std::string database_;
  std::string shell_;
  uint64_t id_ = 0;
  size_t tail_limit_ = 0;
  std::function<Result<>()> action_;
};

}  // namespace

int run(int argc, char** argv) { return CommandLine().run(argc, argv); }

}  // namespace sluice::cli
