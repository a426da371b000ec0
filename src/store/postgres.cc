#include "store/postgres.h"

#include <optional>

#include <fmt/format.h>

#include "base/bytes.h"
#include "store/dialect.h"
#include "store/postgres_link.h"

namespace sluice::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// The server ends a statement after kStatement; where it does not even do that, it is not waited
/// for longer than kAnswer.
constexpr milliseconds kConnect{5'000}, kStatement{5'000}, kAnswer{7'000};
constexpr minutes kMigration{5};
/// After a failure, others fail at once for so long: nobody queues up for a server that is away.
constexpr milliseconds kPause{500};
/// Of all locks that belong to stores; the other half of the key is made from the schema's name.
constexpr int kLock = 0x51C3;

std::string in_quotes(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) out.append(c == quote ? 2 : 1, c);
  return out + quote;
}

std::string name_of(config::SslMode mode) {
  switch (mode) {
    case config::SslMode::kDisable:
      return "disable";
    case config::SslMode::kAllow:
      return "allow";
    case config::SslMode::kPrefer:
      return "prefer";
    case config::SslMode::kRequire:
      return "require";
    case config::SslMode::kVerifyCa:
      return "verify-ca";
    case config::SslMode::kVerifyFull:
      return "verify-full";
  }
  return "verify-full";
}

class Postgres : public Backend {
 public:
  explicit Postgres(const config::StoreConfig& config) : config_(config) {}

  Result<> execute(const std::string& sql) override;
  Result<std::unique_ptr<StatementBackend>> prepare(std::string_view sql) override;
  int64_t changes() const override { return changes_; }
  Result<> begin(bool long_work) override;
  Result<> commit() override;
  void rollback() override;
  Result<size_t> schema_version() override;
  Result<> before_steps() override;
  Result<> after_steps(size_t version) override;
  Result<int64_t> data_version() override;

  /// One statement; outside of a transaction it is one, and where it writes, waits for its turn.
  Result<PostgresAnswer> run(const std::string& sql, const std::vector<PostgresValue>& values,
                             bool writes);

 private:
  Result<> connect();
  /// Sees to it that there is a connection; in a transaction, that it is still the same.
  Result<> ready();
  /// What makes writers wait for each other.
  std::string lock() const {
    return fmt::format("SELECT pg_advisory_xact_lock({}, hashtext({}))", kLock,
                       in_quotes(config_.schema, '\''));
  }
  Error within_store(Error error) const {
    return Error{error.code, fmt::format("the store at {}:{} cannot be used: {}",
                                         config_.server.host, config_.server.port, error.text)};
  }

  config::StoreConfig config_;
  std::optional<PostgresLink> link_;
  bool begun_ = false;
  Duration longest_ = kAnswer;
  int64_t changes_ = 0;
  Clock::time_point failed_{};  ///< when connecting failed last
  std::string why_;
};

class PostgresStatement : public StatementBackend {
 public:
  PostgresStatement(Postgres& database, std::string_view sql)
      : database_(database), sql_(to_postgres(sql)), reads_(sql.starts_with("SELECT")) {}

  void bind(int index, int64_t value) override {
    std::string bytes;
    append_be32(bytes, static_cast<uint32_t>(static_cast<uint64_t>(value) >> 32));
    append_be32(bytes, static_cast<uint32_t>(value));
    at(index) = {PostgresValue::Type::kInteger, std::move(bytes)};
  }
  void bind_text(int index, std::string_view text) override {
    at(index) = {PostgresValue::Type::kText, std::string(text)};
  }
  void bind_blob(int index, std::string_view bytes) override {
    at(index) = {PostgresValue::Type::kBlob, std::string(bytes)};
  }
  void bind_null(int index) override { at(index) = {}; }

  Result<bool> step() override {
    if (!answer_) {
      SLUICE_ASSIGN(answer_, database_.run(sql_, values_, !reads_));
      next_ = 0;
    }
    if (next_ < answer_->rows())
      ++next_;
    else
      return false;
    return true;
  }
  void reset() override { answer_.reset(); }

  int64_t integer(int column) const override {
    return next_ == 0 ? 0 : answer_->integer(next_ - 1, column);
  }
  std::string text(int column) const override {
    return next_ == 0 ? std::string() : answer_->text(next_ - 1, column);
  }

 private:
  PostgresValue& at(int index) {
    const auto place = static_cast<size_t>(index);
    if (values_.size() < place) values_.resize(place);
    return values_[place - 1];
  }

  Postgres& database_;
  std::string sql_;
  bool reads_;
  std::vector<PostgresValue> values_;
  std::optional<PostgresAnswer> answer_;
  size_t next_ = 0;  ///< rows that have been stepped to
};

Result<> Postgres::connect() {
  const auto& server = config_.server;
  SLUICE_ASSIGN(const SecretString password, config_.current_password());
  std::vector<std::pair<std::string, std::string>> options = {
      {"host", server.host},
      {"port", std::to_string(server.port)},
      {"dbname", server.server_database},
      {"user", server.user},
      {"sslmode", name_of(server.sslmode)},
      {"sslrootcert", server.sslrootcert},
      {"sslcert", server.sslcert},
      {"sslkey", server.sslkey},
      {"channel_binding", server.channel_binding_required ? "require" : "prefer"},
      {"gssencmode", "disable"},
      {"client_encoding", "UTF8"},
      {"application_name", "sluice store"},
      // The primary: on a standby nothing can be written.
      {"target_session_attrs", "read-write"},
      {"keepalives_idle", "10"},
      {"keepalives_interval", "5"},
      {"keepalives_count", "3"},
      {"tcp_user_timeout", "10000"},
  };
  if (!password.empty()) options.emplace_back("password", password.reveal());
  auto link = PostgresLink::connect(options, kConnect);
  for (auto& [name, value] : options) {
    if (name == "password") sodium_memzero(value.data(), value.size());
  }
  if (!link) return fail(std::move(link.error()));
  // The search path has nothing in it that somebody else could put there.
  SLUICE_TRY(link->run(
      fmt::format("SET search_path = {}, pg_temp; SET statement_timeout = {}; SET lock_timeout = "
                  "{}; SET idle_in_transaction_session_timeout = {}; SET "
                  "default_transaction_isolation = 'read committed'; SET synchronous_commit = on; "
                  "SET standard_conforming_strings = on; SET bytea_output = 'hex'",
                  in_quotes(config_.schema, '"'), kStatement.count(), kStatement.count() - 1000,
                  kAnswer.count()),
      kAnswer));
  link_.emplace(std::move(*link));
  return {};
}

Result<> Postgres::ready() {
  if (begun_) {
    if (link_) return {};
    return fail(ErrorCode::kUnavailable, "store: the connection was lost; nothing was done");
  }
  if (link_ && link_->alive()) return {};
  link_.reset();
  if (Clock::now() - failed_ < kPause) return fail(ErrorCode::kUnavailable, why_);
  auto connected = connect();
  if (connected) return {};
  Error error = within_store(std::move(connected.error()));
  failed_ = Clock::now();
  why_ = error.text;
  return fail(std::move(error));
}

Result<PostgresAnswer> Postgres::run(const std::string& sql,
                                     const std::vector<PostgresValue>& values, bool writes) {
  SLUICE_TRY(ready());
  if (writes && !begun_) {
    SLUICE_TRY(begin(false));
    auto answer = run(sql, values, true);
    if (!answer) {
      rollback();
      return answer;
    }
    SLUICE_TRY(commit());
    return answer;
  }
  auto answer = link_->run(sql, values, longest_);
  if (!answer && !link_->alive()) link_.reset();
  if (answer && writes) changes_ = answer->affected();
  return answer;
}

Result<> Postgres::execute(const std::string& sql) {
  SLUICE_TRY(ready());
  // Several statements in one text are one transaction.
  auto answer = link_->run(begun_ ? to_postgres(sql) : lock() + "; " + to_postgres(sql), longest_);
  if (!answer && !link_->alive()) link_.reset();
  if (!answer) return fail(std::move(answer.error()));
  changes_ = answer->affected();
  return {};
}

Result<std::unique_ptr<StatementBackend>> Postgres::prepare(std::string_view sql) {
  return std::make_unique<PostgresStatement>(*this, sql);
}

Result<> Postgres::begin(bool long_work) {
  SLUICE_TRY(ready());
  longest_ = long_work ? Duration(kMigration) + kAnswer : Duration(kAnswer);
  std::string sql = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ";
  if (long_work) {
    const auto longest = milliseconds(kMigration).count();
    sql +=
        fmt::format("SET LOCAL statement_timeout = {0}; SET LOCAL lock_timeout = {0}; ", longest);
  }
  // A statement of its own: what is read behind it is what the last one has left.
  begun_ = true;
  auto answer = link_->run(sql + lock(), longest_);
  if (answer) return {};
  rollback();
  if (answer.error().code == ErrorCode::kUnavailable && link_)
    answer.error().text += "; somebody else is writing: try again";
  return fail(std::move(answer.error()));
}

Result<> Postgres::commit() {
  SLUICE_TRY(ready());
  auto answer = link_->run("COMMIT", longest_);
  if (!answer) {
    if (!link_->alive()) link_.reset();
    return fail(std::move(answer.error()).within("it is not known whether it was done"));
  }
  begun_ = false;
  longest_ = kAnswer;
  // One in which something has failed is rolled back, whatever it is told.
  if (answer->tag() == "COMMIT") return {};
  begun_ = true;
  return fail(ErrorCode::kIo, "store: nothing was done, as a part of it had failed");
}

void Postgres::rollback() {
  if (link_) {
    auto answer = link_->run("ROLLBACK", kAnswer);
    if (!answer) link_.reset();
  }
  begun_ = false;
  longest_ = kAnswer;
}

Result<size_t> Postgres::schema_version() {
  SLUICE_ASSIGN(const auto there, run("SELECT to_regclass('sluice_store') IS NOT NULL", {}, false));
  if (there.integer(0, 0) == 0) return 0;
  SLUICE_ASSIGN(const auto answer, run("SELECT version FROM sluice_store", {}, false));
  return answer.rows() == 0 ? 0 : static_cast<size_t>(answer.integer(0, 0));
}

Result<> Postgres::before_steps() {
  SLUICE_ASSIGN(const auto there,
                run("SELECT to_regnamespace($1) IS NOT NULL",
                    {{PostgresValue::Type::kText, in_quotes(config_.schema, '"')}}, false));
  if (there.integer(0, 0) == 0) {
    SLUICE_TRY(execute("CREATE SCHEMA " + in_quotes(config_.schema, '"')));
  }
  // Others may look on, if their owner lets them; the search path is that of this connection.
  return execute(R"(
    CREATE TABLE IF NOT EXISTS sluice_store (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      version INTEGER NOT NULL,
      changes INTEGER NOT NULL
    ) STRICT;
    INSERT INTO sluice_store VALUES (1, 0, 0) ON CONFLICT DO NOTHING;
    CREATE OR REPLACE FUNCTION sluice_refuse() RETURNS trigger LANGUAGE plpgsql
      SET search_path FROM CURRENT AS
      'BEGIN RAISE EXCEPTION ''%'', TG_ARGV[0] USING ERRCODE = ''23000''; END';
    CREATE OR REPLACE FUNCTION sluice_changed() RETURNS trigger LANGUAGE plpgsql
      SET search_path FROM CURRENT AS
      'BEGIN UPDATE sluice_store SET changes = changes + 1; RETURN NULL; END';)");
}

/// Each change of any table, also one by hand, is counted when it is committed.
Result<> Postgres::after_steps(size_t version) {
  return execute(fmt::format(
      R"(DO 'DECLARE name text; BEGIN
           FOR name IN SELECT relname FROM pg_class c
             WHERE relnamespace = to_regnamespace(quote_ident(current_schema())) AND relkind = ''r''
               AND relname <> ''sluice_store'' AND NOT EXISTS (
                 SELECT 1 FROM pg_trigger WHERE tgrelid = c.oid AND tgname = ''sluice_changed'')
           LOOP
             EXECUTE format(''CREATE TRIGGER sluice_changed AFTER INSERT OR UPDATE OR DELETE OR ''
               ''TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION sluice_changed()'', name);
           END LOOP;
         END';
         UPDATE sluice_store SET version = {})",
      version));
}

Result<int64_t> Postgres::data_version() {
  SLUICE_ASSIGN(const auto answer, run("SELECT changes FROM sluice_store", {}, false));
  return answer.rows() == 0 ? 0 : answer.integer(0, 0);
}

}  // namespace

Result<std::unique_ptr<Backend>> open_postgres(const config::StoreConfig& config) {
  return std::make_unique<Postgres>(config);
}

}  // namespace sluice::store
