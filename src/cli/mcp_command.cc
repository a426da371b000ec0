#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <mutex>
#include <thread>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/bytes.h"
#include "base/random.h"
#include "cli/credential_commands.h"
#include "cli/kept.h"
#include "http/transport.h"

namespace sluice::cli {
namespace {

/// JSON-RPC's own codes end at -32768; this one is a server's (JSON-RPC 2.0, section 5.1).
constexpr int kNotReached = -32000;

struct Where {
  std::string gateway;
  SecretString secret;
};

/// The credential in SLUICE_TOKEN, for services; else the one that is kept.
Result<Where> where_to(const ConnectOptions& options) {
  const char* token = std::getenv("SLUICE_TOKEN");
  if (token == nullptr || token[0] == '\0') {
    SLUICE_ASSIGN(Kept kept, kept_credential(options.gateway));
    return Where{std::move(kept.gateway), std::move(kept.secret)};
  }
  if (options.gateway.empty())
    return fail(ErrorCode::kInvalidInput, "with SLUICE_TOKEN, say where: --gateway URL");
  return Where{without_slash(options.gateway), SecretString(token)};
}

/// Lines for the client, from whichever thread.
void say(const std::string& line) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  std::cout << line << std::endl;
}

/// An answer as it comes: a message, or events of which each is one. Messages are said as lines, as
/// the transport has it.
class Answer {
 public:
  bool take(std::string_view content_type, std::string_view piece) {
    events_ = content_type.starts_with("text/event-stream");
    rest_.append(piece);
    while (events_ && say_next()) {
    }
    too_long_ = rest_.size() > kLongest;
    return !too_long_;
  }
  /// What has come and is not said: of a stream, one that broke off.
  const std::string& rest() const { return rest_; }
  bool too_long() const { return too_long_; }
  /// Whether the answer itself has been said, and not only what comes before it.
  bool answered() const { return answered_; }
  void finish() {
    while (!rest_.empty() && rest_.back() == '\n') rest_.pop_back();
    // A notification has no answer.
    if (!events_ && !rest_.empty()) say(rest_);
    answered_ = answered_ || !events_;
  }

 private:
  static constexpr size_t kLongest = size_t{16} << 20;

  /// The gateway's messages have a line of data each.
  bool say_next() {
    const size_t end = rest_.find("\n\n");
    if (end == std::string::npos) return false;
    const std::string event = "\n" + rest_.substr(0, end) + "\n";
    rest_.erase(0, end + 2);
    constexpr std::string_view kData = "\ndata: ";
    const size_t data = event.find(kData);
    if (data == std::string::npos) return true;  // A comment.
    const size_t from = data + kData.size();
    const std::string line = event.substr(from, event.find('\n', from) - from);
    boost::json::error_code error;
    const auto message = boost::json::parse(line, error);
    answered_ = answered_ || (!error && message.is_object() && message.get_object().contains("id"));
    say(line);
    return true;
  }

  std::string rest_;
  bool events_ = false, too_long_ = false, answered_ = false;
};

/// What the client is told in place of an answer; nothing where it waits for none.
void tell_failure(const std::string& line, const std::string& why) {
  boost::json::error_code error;
  const auto message = boost::json::parse(line, error);
  const auto* id = error || !message.is_object() ? nullptr : message.get_object().if_contains("id");
  if (id == nullptr) {
    std::cerr << why << '\n';
    return;
  }
  say(boost::json::serialize(boost::json::object{
      {"jsonrpc", "2.0"},
      {"id", *id},
      {"error", boost::json::object{{"code", kNotReached}, {"message", why}}}}));
}

std::string refusal(int status, const std::string& said) {
  std::string text = fmt::format("the gateway answered {}", status);
  boost::json::error_code error;
  const auto body = boost::json::parse(said, error);
  if (error || !body.is_object()) return text;
  for (const char* name : {"title", "detail"}) {
    const auto* part = body.get_object().if_contains(name);
    if (part != nullptr && part->is_string()) text += ": " + std::string(part->get_string());
  }
  return text;
}

/// Carries lines to the gateway and back.
class Bridge {
 public:
  static Result<Bridge> to(const Where& where, const std::string& session,
                           const std::atomic<bool>& stopping) {
    http::Options http;
    http.timeout = std::chrono::minutes(6);  // More than any call waits for people.
    http.authorization = SecretString("Bearer " + std::string(where.secret.reveal()));
    if (const char* authority = std::getenv("SLUICE_CA")) http.tls.ca = authority;
    http.ca_setting = "SLUICE_CA";
    SLUICE_ASSIGN(auto client, http::HttpClient::create(http, stopping));
    return Bridge(std::move(client), where.gateway + "/mcp", session);
  }

  void carry(const std::string& line) const {
    Answer answer;
    const auto take = [&](int, std::string_view content_type, Bytes piece) {
      return answer.take(content_type, piece);
    };
    const auto ended = client_->stream("POST", url_,
                                       {{"Content-Type", "application/json"},
                                        {"Accept", "application/json, text/event-stream"},
                                        {"Mcp-Session-Id", session_},
                                        {"User-Agent", "sluice mcp"}},
                                       line, take);
    if (answer.too_long()) {
      tell_failure(line, "the answer is longer than 16 MiB");
    } else if (!ended) {
      tell_failure(line, ended.error().text);
    } else if (!ended->good()) {
      tell_failure(line, refusal(ended->status, answer.rest()));
    } else {
      answer.finish();
      if (!answer.answered()) tell_failure(line, "the gateway broke off its answer");
    }
  }

 private:
  Bridge(std::unique_ptr<http::HttpClient> client, std::string url, std::string session)
      : client_(std::move(client)), url_(std::move(url)), session_(std::move(session)) {}

  std::unique_ptr<http::HttpClient> client_;
  std::string url_, session_;
};

/// Lines one after the other, on a thread of its own.
class Lane {
 public:
  explicit Lane(const Bridge& bridge) : bridge_(bridge), thread_([this] { work(); }) {}
  /// Waits until all have been carried.
  ~Lane() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  void add(std::string line) {
    {
      const std::lock_guard lock(mutex_);
      lines_.push_back(std::move(line));
    }
    wake_.notify_one();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return over_ || !lines_.empty(); });
      if (lines_.empty()) return;
      const std::string line = std::move(lines_.front());
      lines_.pop_front();
      lock.unlock();
      bridge_.carry(line);
      lock.lock();
    }
  }

  const Bridge& bridge_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::string> lines_;
  bool over_ = false;
  std::thread thread_;
};

/// A call that may wait for people is in nobody's way.
bool waits(const std::string& line) { return line.find("\"wait_seconds\"") != std::string::npos; }

bool cancels(const std::string& line) {
  if (line.find("notifications/cancelled") == std::string::npos) return false;
  boost::json::error_code error;
  const auto message = boost::json::parse(line, error);
  const auto* method =
      !error && message.is_object() ? message.get_object().if_contains("method") : nullptr;
  return method != nullptr && *method == "notifications/cancelled";
}

}  // namespace

Result<> mcp(const ConnectOptions& options) {
  SLUICE_ASSIGN(const Where where, where_to(options));
  const std::atomic<bool> stopping{false};
  // By this the gateway tells which call a client of this process cancels.
  const std::string session = to_hex(random_string(16));
  SLUICE_ASSIGN(const Bridge calls, Bridge::to(where, session, stopping));
  SLUICE_ASSIGN(const Bridge at_once, Bridge::to(where, session, stopping));
  SLUICE_ASSIGN(const Bridge waiting, Bridge::to(where, session, stopping));
  Lane lane(calls), waiting_lane(waiting);
  std::string line;
  while (std::getline(std::cin, line)) {
    if (line.empty()) continue;
    if (cancels(line)) {
      at_once.carry(line);  // Not behind what it cancels.
    } else {
      (waits(line) ? waiting_lane : lane).add(std::move(line));
    }
    line.clear();
  }
  return {};
}

}  // namespace sluice::cli
