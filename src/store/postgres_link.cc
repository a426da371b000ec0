#include "store/postgres_link.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <libpq-fe.h>
#include <poll.h>

namespace sluice::store {
namespace {

// pg_type.dat
constexpr Oid kBoolOid = 16, kByteaOid = 17, kInt8Oid = 20, kTextOid = 25;

/// libpq's texts end with a line feed, and may have several lines.
std::string one_line(const char* text) {
  std::string out = text == nullptr ? "" : text;
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

/// PostgreSQL's Appendix A, "Error Codes".
ErrorCode code_of(std::string_view state) {
  if (state.starts_with("23")) return ErrorCode::kExists;
  if (state == "57014") return ErrorCode::kTimeout;
  if (state == "22021" || state == "22P05") return ErrorCode::kInvalidInput;
  // Connections, resources, somebody else's locks, the operator's hand; a standby.
  for (const std::string_view known : {"08", "53", "55", "57", "40", "25006", "28", "3D"}) {
    if (state.starts_with(known)) return ErrorCode::kUnavailable;
  }
  return ErrorCode::kIo;
}

/// Waits for a socket; false when the time is up.
bool wait_for(int fd, short events, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd waiting{fd, events, 0};
    const int ready = poll(&waiting, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

}  // namespace

void PostgresAnswer::Clearer::operator()(pg_result* result) const { PQclear(result); }

size_t PostgresAnswer::rows() const {
  return result_ ? static_cast<size_t>(PQntuples(result_.get())) : 0;
}

int64_t PostgresAnswer::affected() const {
  return result_ ? std::strtoll(PQcmdTuples(result_.get()), nullptr, 10) : 0;
}

std::string_view PostgresAnswer::tag() const {
  return result_ ? std::string_view(PQcmdStatus(result_.get())) : std::string_view();
}

int64_t PostgresAnswer::integer(size_t row, int column) const {
  const char* value = PQgetvalue(result_.get(), static_cast<int>(row), column);
  if (PQftype(result_.get(), column) == kBoolOid) return *value == 't' ? 1 : 0;
  return std::strtoll(value, nullptr, 10);
}

std::string PostgresAnswer::text(size_t row, int column) const {
  const int at = static_cast<int>(row);
  const char* value = PQgetvalue(result_.get(), at, column);
  const auto size = static_cast<size_t>(PQgetlength(result_.get(), at, column));
  if (PQftype(result_.get(), column) != kByteaOid) return {value, size};
  size_t length = 0;
  unsigned char* bytes = PQunescapeBytea(reinterpret_cast<const unsigned char*>(value), &length);
  if (bytes == nullptr) return {};
  std::string out(reinterpret_cast<const char*>(bytes), length);
  PQfreemem(bytes);
  return out;
}

void PostgresLink::Closer::operator()(pg_conn* connection) const { PQfinish(connection); }

Result<PostgresLink> PostgresLink::connect(
    const std::vector<std::pair<std::string, std::string>>& options, Duration longest) {
  std::vector<const char*> names, values;
  for (const auto& [name, value] : options) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  PostgresLink link(PQconnectStartParams(names.data(), values.data(), 0));
  SLUICE_TRY(link.open(Clock::now() + longest));
  return link;
}

Result<> PostgresLink::open(Clock::time_point deadline) {
  if (!connection_) return fail(ErrorCode::kInternal, "libpq has no memory");
  PGconn* raw = connection_.get();
  // What the server has to say besides is nobody's business here.
  PQsetNoticeReceiver(raw, [](void*, const PGresult*) {}, nullptr);
  auto state = PQstatus(raw) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED)
      return fail(ErrorCode::kUnavailable, one_line(PQerrorMessage(raw)));
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (!wait_for(PQsocket(raw), events, deadline))
      return fail(ErrorCode::kTimeout, "no connection within its time");
    state = PQconnectPoll(raw);
  }
  if (PQsetnonblocking(raw, 1) != 0) return lost(one_line(PQerrorMessage(raw)));
  return {};
}

Result<PostgresAnswer> PostgresLink::run(const std::string& sql, Duration longest) {
  const auto deadline = Clock::now() + longest;
  if (!connection_) return lost("the connection has ended");
  if (PQsendQuery(connection_.get(), sql.c_str()) != 1)
    return lost(one_line(PQerrorMessage(connection_.get())));
  return answer(deadline);
}

Result<PostgresAnswer> PostgresLink::run(const std::string& sql,
                                         const std::vector<PostgresValue>& values,
                                         Duration longest) {
  const auto deadline = Clock::now() + longest;
  if (!connection_) return lost("the connection has ended");
  std::vector<Oid> types;
  std::vector<const char*> bytes;
  std::vector<int> sizes, formats;
  for (const auto& value : values) {
    const bool null = value.type == PostgresValue::Type::kNull;
    types.push_back(null                                          ? 0
                    : value.type == PostgresValue::Type::kInteger ? kInt8Oid
                    : value.type == PostgresValue::Type::kText    ? kTextOid
                                                                  : kByteaOid);
    bytes.push_back(null ? nullptr : value.bytes.data());
    sizes.push_back(static_cast<int>(value.bytes.size()));
    formats.push_back(1);
  }
  if (PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()),
                        types.data(), bytes.data(), sizes.data(), formats.data(), 0) != 1) {
    return lost(one_line(PQerrorMessage(connection_.get())));
  }
  return answer(deadline);
}

Result<PostgresAnswer> PostgresLink::answer(Clock::time_point deadline) {
  PGconn* raw = connection_.get();
  constexpr const char* kLate = "no answer within its time; it is not known whether it was done";
  for (int left = 1; left != 0;) {
    left = PQflush(raw);
    if (left < 0) return lost(one_line(PQerrorMessage(raw)));
    if (left == 0) break;
    if (!wait_for(PQsocket(raw), POLLIN | POLLOUT, deadline)) return lost(kLate);
    if (PQconsumeInput(raw) != 1) return lost(one_line(PQerrorMessage(raw)));
  }
  PostgresAnswer last;
  std::optional<Error> error;
  for (;;) {
    while (PQisBusy(raw) != 0) {
      if (!wait_for(PQsocket(raw), POLLIN, deadline)) return lost(kLate);
      if (PQconsumeInput(raw) != 1) return lost(one_line(PQerrorMessage(raw)));
    }
    PGresult* result = PQgetResult(raw);
    if (result == nullptr) break;
    PostgresAnswer answer(result);
    const auto status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) {
      last = std::move(answer);
    } else if (!error) {
      const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
      error = Error{code_of(state == nullptr ? "08006" : state),
                    "store: " + one_line(PQresultErrorMessage(result))};
    }
  }
  if (PQstatus(raw) != CONNECTION_OK && !error) return lost(one_line(PQerrorMessage(raw)));
  if (PQstatus(raw) != CONNECTION_OK) connection_.reset();
  if (error) return fail(std::move(*error));
  return last;
}

tl::unexpected<Error> PostgresLink::lost(std::string_view why) {
  connection_.reset();
  return fail(ErrorCode::kUnavailable, "store: " + std::string(why));
}

bool PostgresLink::alive() {
  if (!connection_) return false;
  PGconn* raw = connection_.get();
  // A server that stops says so, and then closes.
  for (int i = 0; i < 3; ++i) {
    pollfd waiting{PQsocket(raw), POLLIN, 0};
    if (PQstatus(raw) != CONNECTION_OK) break;
    if (poll(&waiting, 1, 0) <= 0) return true;
    if (PQconsumeInput(raw) != 1) break;
    PGnotify* told = PQnotifies(raw);
    PQfreemem(told);
  }
  connection_.reset();
  return false;
}

}  // namespace sluice::store
