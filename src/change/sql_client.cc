#include "change/sql_client.h"

#include <array>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

namespace sluice::change {
namespace {

constexpr int kLookMillis = 50;
/// That a cancelled statement has to end in.
constexpr auto kGrace = std::chrono::seconds(10);

struct Finisher {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct Clearer {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, Clearer>;

std::string trimmed(const char* text) {
  std::string out = text == nullptr ? "" : text;
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

std::string error_of(const PGresult* result) {
  const auto field = [&](int code) {
    const char* text = PQresultErrorField(result, code);
    return std::string(text == nullptr ? "" : text);
  };
  std::string out = field(PG_DIAG_SQLSTATE) + ": " + field(PG_DIAG_MESSAGE_PRIMARY);
  for (const int code : {PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT}) {
    const std::string text = field(code);
    if (!text.empty()) out += "\n" + text;
  }
  return out;
}

class LibpqClient : public SqlClient {
 public:
  explicit LibpqClient(PGconn* connection) : connection_(connection) {
    PQsetNoticeReceiver(connection, [](void*, const PGresult*) {}, nullptr);
  }

  Outcome run(const std::string& text, Duration most,
              const std::function<bool()>& cancelled) override {
    if (PQsendQuery(connection_.get(), text.c_str()) == 0) return lost();
    PQsetSingleRowMode(connection_.get());
    Outcome outcome;
    auto deadline = Clock::now() + most;
    bool cancelling = false;
    for (;;) {
      while (PQisBusy(connection_.get()) == 1) {
        if (Clock::now() > deadline || (!cancelling && cancelled())) {
          if (cancelling) return lost();
          cancelling = true;
          deadline = Clock::now() + kGrace;
          cancel();
        }
        if (!receive()) return lost();
      }
      const ResultPtr result(PQgetResult(connection_.get()));
      if (!result) return outcome;
      if (!take(*result, outcome)) return outcome;
    }
  }

 private:
  /// False: nothing can follow.
  bool take(const PGresult& result, Outcome& outcome) {
    switch (PQresultStatus(&result)) {
      case PGRES_COPY_IN:
      case PGRES_COPY_OUT:
      case PGRES_COPY_BOTH:
        outcome.error = "a change has nobody to copy data from or to";
        outcome.lost = true;
        return false;
      case PGRES_FATAL_ERROR:
      case PGRES_BAD_RESPONSE:
        outcome.error = PQresultErrorField(&result, PG_DIAG_SQLSTATE) == nullptr
                            ? trimmed(PQresultErrorMessage(&result))
                            : error_of(&result);
        outcome.lost = PQstatus(connection_.get()) == CONNECTION_BAD;
        return !outcome.lost;
      default:
        outcome.tag = trimmed(PQcmdStatus(const_cast<PGresult*>(&result)));
        return true;
    }
  }

  bool receive() {
    pollfd waiting{PQsocket(connection_.get()), POLLIN, 0};
    if (poll(&waiting, 1, kLookMillis) > 0) return PQconsumeInput(connection_.get()) == 1;
    return true;
  }

  void cancel() {
    PGcancel* handle = PQgetCancel(connection_.get());
    if (handle == nullptr) return;
    std::array<char, 256> problem{};
    PQcancel(handle, problem.data(), problem.size());
    PQfreeCancel(handle);
  }

  Outcome lost() {
    std::string why = trimmed(PQerrorMessage(connection_.get()));
    return {{}, why.empty() ? "the server does not answer" : why, true};
  }

  std::unique_ptr<PGconn, Finisher> connection_;
};

std::string millis(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace

Result<std::unique_ptr<SqlClient>> SqlClient::connect(const Login& login) {
  const std::string port = std::to_string(login.port);
  const std::string secret(login.secret.reveal());
  const std::string options =
      fmt::format("-c lock_timeout={} -c statement_timeout={}", millis(login.lock_timeout),
                  millis(login.statement_timeout));
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

}  // namespace sluice::change
