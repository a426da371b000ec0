#include "mcp/query_client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace sluice::mcp {
namespace {

constexpr int kLookMillis = 50;
/// Between two attempts to cancel: the first may come before the server has the statement.
constexpr auto kCancelAgain = std::chrono::seconds(1);
/// That a cancelled statement has to end in.
constexpr auto kGrace = std::chrono::seconds(10);
constexpr size_t kMostNotices = 20;
constexpr size_t kLongestNotice = 4096;
/// Beyond the values that may be told: what a row, an error or a notice has around them.
constexpr uint64_t kAroundValues = 1 << 20;
/// That a row of what may change something may have, to be read and thrown away: its statement is
/// not cancelled for it.
constexpr uint64_t kLongestDiscarded = uint64_t{64} << 20;
/// What the gateway says when a statement has to wait for people (docs/approvals.md).
constexpr std::string_view kWaiting = "waiting for approval: request ";

struct Finisher {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct Clearer {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, Clearer>;

/// PostgreSQL's own types by their identifiers (pg_type.dat), which never change.
std::string type_name(Oid oid) {
  switch (oid) {
    case 16:
      return "boolean";
    case 17:
      return "bytea";
    case 20:
      return "bigint";
    case 21:
      return "smallint";
    case 23:
      return "integer";
    case 25:
      return "text";
    case 114:
      return "json";
    case 700:
      return "real";
    case 701:
      return "double precision";
    case 1042:
      return "character";
    case 1043:
      return "character varying";
    case 1082:
      return "date";
    case 1083:
      return "time";
    case 1114:
      return "timestamp";
    case 1184:
      return "timestamp with time zone";
    case 1186:
      return "interval";
    case 1700:
      return "numeric";
    case 2950:
      return "uuid";
    case 3802:
      return "jsonb";
    default:
      return fmt::format("type {}", oid);
  }
}

std::string trimmed(const char* text) {
  std::string out = text == nullptr ? "" : text;
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

std::string field_of(const PGresult* result, int code) {
  return trimmed(PQresultErrorField(result, code));
}

/// Bytes of values in a row; 0 for what is none.
uint64_t length_of(const PGresult& result) {
  uint64_t length = 0;
  if (PQresultStatus(&result) != PGRES_SINGLE_TUPLE) return length;
  for (int i = 0; i < PQnfields(&result); ++i)
    length += static_cast<uint64_t>(PQgetlength(&result, 0, i));
  return length;
}

class LibpqClient : public QueryClient {
 public:
  explicit LibpqClient(PGconn* connection) : connection_(connection) {
    PQsetNoticeReceiver(connection, &LibpqClient::on_notice, this);
  }

  bool alive() override {
    pollfd waiting{PQsocket(connection_.get()), POLLIN, 0};
    if (poll(&waiting, 1, 0) > 0 && PQconsumeInput(connection_.get()) != 1) return false;
    return PQstatus(connection_.get()) == CONNECTION_OK;
  }

  Answer run(const std::string& text, const std::vector<std::optional<std::string>>& parameters,
             const Limits& limits) override {
    Answer answer;
    if (limits.wanted.stop_requested()) {
      answer.sqlstate = "57014";
      answer.message = "the statement was not wanted any more before it began";
      return answer;
    }
    answer_ = &answer;
    const uint64_t before = last_record();
    std::vector<const char*> values;
    for (const auto& value : parameters) values.push_back(value ? value->c_str() : nullptr);
    const bool sent =
        PQsendQueryParams(connection_.get(), text.c_str(), static_cast<int>(values.size()), nullptr,
                          values.data(), nullptr, nullptr, 0) == 1;
    if (sent) {
      PQsetSingleRowMode(connection_.get());
      follow(answer, limits);
    } else {
      lose(answer);
    }
    answer_ = nullptr;
    if (const uint64_t now = last_record(); now != before) answer.record = now;
    return answer;
  }

 private:
  /// Number of the record that the gateway has told of last.
  uint64_t last_record() const {
    const char* text = PQparameterStatus(connection_.get(), "sluice.record");
    uint64_t number = 0;
    if (text != nullptr) std::from_chars(text, text + std::strlen(text), number);
    return number;
  }

  static void on_notice(void* self, const PGresult* notice) {
    auto* client = static_cast<LibpqClient*>(self);
    Answer* answer = client->answer_;
    if (answer == nullptr) return;
    const std::string text = field_of(notice, PG_DIAG_MESSAGE_PRIMARY).substr(0, kLongestNotice);
    if (text.starts_with(kWaiting)) {
      std::from_chars(text.data() + kWaiting.size(), text.data() + text.size(), answer->request);
      answer->detail = field_of(notice, PG_DIAG_MESSAGE_DETAIL);
    }
    if (answer->notices.size() < kMostNotices) answer->notices.push_back(text);
    client->begun_ = client->taken_in();  // It is no part of a row.
  }

  void follow(Answer& answer, const Limits& limits) {
    ends_by_ = Clock::now() + limits.time;
    cancelled_.reset();
    size_t bytes = 0;
    for (begun_ = taken_in();; begun_ = taken_in()) {
      while (PQisBusy(connection_.get()) == 1) {
        // libpq keeps a row until it is whole, in this process.
        if (beyond(begun_, taken_in(), most_held(limits))) return too_long(answer, limits);
        // It waits there for people; a connection that is gone withdraws nothing.
        if (answer.request != 0) {
          answer.lost = true;
          return;
        }
        const bool over = Clock::now() > ends_by_;
        if (over && cancelled_) return lose(answer);
        if (over || cancelled_ || limits.wanted.stop_requested()) end_it();
        if (!receive()) return lose(answer);
      }
      const ResultPtr result(PQgetResult(connection_.get()));
      if (!result) return;
      // One that came at once is as long as one that was waited for.
      if (length_of(*result) > limits.bytes + kAroundValues) {
        if (limits.only_reads) return too_long(answer, limits);
        leave_out(*result, answer, limits);
        continue;
      }
      take(*result, answer, limits, bytes);
      if (answer.lost) return;
      if (answer.truncated && limits.only_reads) end_it();
    }
  }

  /// Bytes of one row that libpq may hold.
  static uint64_t most_held(const Limits& limits) {
    const uint64_t told = limits.bytes + kAroundValues;
    return limits.only_reads ? told : std::max(told, kLongestDiscarded);
  }

  /// Nothing is told from this row on, and the statement goes on.
  static void leave_out(const PGresult& row, Answer& answer, const Limits& limits) {
    if (answer.columns.empty()) take_columns(row, answer);
    if (!answer.truncated && answer.rows.size() < limits.rows) {
      answer.notices.emplace_back(
          "one row of the result is longer than what can be told here: it is left out, and so is "
          "what follows; the statement ran to its end");
    }
    answer.truncated = true;
  }

  /// Has the server cancel what runs, and again where that has ended nothing.
  void end_it() {
    const auto now = Clock::now();
    if (cancelled_ && now - *cancelled_ < kCancelAgain) return;
    if (!cancelled_) ends_by_ = now + kGrace;
    cancelled_ = now;
    cancel();
  }

  void take(const PGresult& result, Answer& answer, const Limits& limits, size_t& bytes) {
    switch (PQresultStatus(&result)) {
      case PGRES_SINGLE_TUPLE:
      case PGRES_TUPLES_OK:
        if (answer.columns.empty()) take_columns(result, answer);
        for (int i = 0; i < PQntuples(&result) && !answer.truncated; ++i)
          take_row(result, i, answer, limits, bytes);
        answer.tag = trimmed(PQcmdStatus(const_cast<PGresult*>(&result)));
        return;
      case PGRES_COPY_IN:
      case PGRES_COPY_OUT:
      case PGRES_COPY_BOTH:
        answer.sqlstate = "0A000";
        answer.message = "COPY has nobody here to copy from or to";
        answer.hint = "Use INSERT, or SELECT.";
        answer.lost = true;
        return;
      case PGRES_COMMAND_OK:
        answer.tag = trimmed(PQcmdStatus(const_cast<PGresult*>(&result)));
        return;
      case PGRES_EMPTY_QUERY:
        answer.sqlstate = "42601";
        answer.message = "there is no statement";
        return;
      default:
        take_error(result, answer, limits);
    }
  }

  static void take_columns(const PGresult& result, Answer& answer) {
    for (int i = 0; i < PQnfields(&result); ++i)
      answer.columns.push_back({PQfname(&result, i), type_name(PQftype(&result, i))});
  }

  static void take_row(const PGresult& result, int row, Answer& answer, const Limits& limits,
                       size_t& bytes) {
    if (answer.skipped < limits.skip) {
      ++answer.skipped;
      return;
    }
    if (answer.rows.size() == limits.rows) {
      answer.truncated = true;
      return;
    }
    std::vector<std::optional<std::string>> values;
    for (int i = 0; i < PQnfields(&result); ++i) {
      if (PQgetisnull(&result, row, i) == 1) {
        values.emplace_back();
        continue;
      }
      values.emplace_back(std::string(PQgetvalue(&result, row, i),
                                      static_cast<size_t>(PQgetlength(&result, row, i))));
      bytes += values.back()->size();
    }
    answer.rows.push_back(std::move(values));
    answer.truncated = bytes > limits.bytes;
  }

  void take_error(const PGresult& result, Answer& answer, const Limits& limits) const {
    const bool cancelled = field_of(&result, PG_DIAG_SQLSTATE) == "57014";
    // The rest was not wanted.
    if (answer.truncated && limits.only_reads && cancelled) return;
    answer.sqlstate = field_of(&result, PG_DIAG_SQLSTATE);
    answer.message = field_of(&result, PG_DIAG_MESSAGE_PRIMARY);
    if (answer.message.empty()) answer.message = trimmed(PQresultErrorMessage(&result));
    if (answer.message.empty()) answer.message = "the statement failed";
    answer.detail = field_of(&result, PG_DIAG_MESSAGE_DETAIL);
    answer.hint = field_of(&result, PG_DIAG_MESSAGE_HINT);
    if (cancelled && cancelled_ && !limits.only_reads && answer.detail.empty()) {
      answer.detail = fmt::format(
          "It was cancelled after {} rows and was rolled back: nothing is kept but what it had "
          "committed itself.",
          answer.rows.size());
    }
    const std::string position = field_of(&result, PG_DIAG_STATEMENT_POSITION);
    std::from_chars(position.data(), position.data() + position.size(), answer.position);
    answer.lost = PQstatus(connection_.get()) == CONNECTION_BAD;
  }

  bool receive() {
    pollfd waiting{PQsocket(connection_.get()), POLLIN, 0};
    if (poll(&waiting, 1, kLookMillis) > 0) return PQconsumeInput(connection_.get()) == 1;
    return true;
  }

  /// Bytes that libpq has read from the gateway so far; 0: the kernel does not tell.
  uint64_t taken_in() const {
    tcp_info info{};
    socklen_t size = sizeof info;
    int waiting = 0;
    const int socket = PQsocket(connection_.get());
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
        ioctl(socket, FIONREAD, &waiting) != 0)
      return 0;
    const auto unread = static_cast<uint64_t>(waiting);
    return info.tcpi_bytes_received > unread ? info.tcpi_bytes_received - unread : 0;
  }

  void too_long(Answer& answer, const Limits& limits) {
    cancel();
    if (limits.only_reads && (answer.truncated || answer.rows.size() >= limits.rows)) {
      // Nobody wanted this row: what there is before it is the answer.
      answer.truncated = true;
      answer.lost = true;
      return;
    }
    answer.sqlstate = "54000";
    answer.message = "one row of the result is longer than what can be told here";
    answer.hint = "Select less of it, such as left(column, 1000).";
    if (!limits.only_reads) {
      answer.detail =
          "It was cancelled, which may have come too late: the record of it tells whether it was "
          "done. Look there before it is run again.";
    }
    answer.lost = true;
  }

  void cancel() {
    PGcancel* handle = PQgetCancel(connection_.get());
    if (handle == nullptr) return;
    std::array<char, 256> problem{};
    PQcancel(handle, problem.data(), problem.size());
    PQfreeCancel(handle);
  }

  void lose(Answer& answer) {
    answer.message = trimmed(PQerrorMessage(connection_.get()));
    if (answer.message.empty()) answer.message = "the database does not answer";
    answer.lost = true;
  }

  std::unique_ptr<PGconn, Finisher> connection_;
  Answer* answer_ = nullptr;  ///< of the statement that runs
  uint64_t begun_ = 0;        ///< taken_in() when what comes now began
  Clock::time_point ends_by_;
  std::optional<Clock::time_point> cancelled_;  ///< when that was tried last
};

}  // namespace

bool beyond(uint64_t begun, uint64_t now, uint64_t most) {
  return begun != 0 && now > begun && now - begun > most;
}

Result<std::unique_ptr<QueryClient>> QueryClient::connect(const Login& login) {
  const std::string port = std::to_string(login.port);
  const std::string secret(login.secret.reveal());
  std::string options = login.read_only ? "-c default_transaction_read_only=on" : "";
  if (login.dry_run) options += " -c sluice.dry_run=on";
  if (!login.asked_from.empty()) options += " -c sluice.asked_from=" + login.asked_from;
  // All that the environment could say otherwise is said here. The gateway is asked on the machine
  // that it is, and SCRAM tells it nothing that it does not know.
  const std::array<std::pair<const char*, const char*>, 11> given = {
      {{"host", login.host.c_str()},
       {"port", port.c_str()},
       {"user", login.user.c_str()},
       {"password", secret.c_str()},
       {"dbname", login.database.c_str()},
       {"application_name", login.application.c_str()},
       {"options", options.c_str()},
       {"sslmode", "prefer"},
       {"gssencmode", "disable"},
       {"client_encoding", "UTF8"},
       {"connect_timeout", "10"}}};
  std::array<const char*, 12> names{}, values{};
  for (size_t i = 0; i < given.size(); ++i) {
    names[i] = given[i].first;
    values[i] = given[i].second;
  }
  PGconn* connection = PQconnectdbParams(names.data(), values.data(), 0);
  auto client = std::make_unique<LibpqClient>(connection);
  if (PQstatus(connection) != CONNECTION_OK)
    return fail(ErrorCode::kUnavailable, trimmed(PQerrorMessage(connection)));
  return client;
}

}  // namespace sluice::mcp
