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

/// What the client is told in place of an answer; nothing where it waits for none.
void tell_failure(const std::string& line, const std::string& why) {
  boost::json::error_code error;
  const auto message = boost::json::parse(line, error);
  const auto* id = error || !message.is_object() ? nullptr : message.get_object().if_contains("id");
  if (id == nullptr) {
    std::cerr << why << '\n';
    return;
  }
  std::cout << boost::json::serialize(boost::json::object{
                   {"jsonrpc", "2.0"},
                   {"id", *id},
                   {"error", boost::json::object{{"code", kNotReached}, {"message", why}}}})
            << std::endl;
}

std::string refusal(const http::HttpAnswer& answer) {
  std::string text = fmt::format("the gateway answered {}", answer.status);
  boost::json::error_code error;
  const auto body = boost::json::parse(answer.body, error);
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
    http.longest_answer = size_t{16} << 20;
    http.timeout = std::chrono::minutes(5);
    http.authorization = SecretString("Bearer " + std::string(where.secret.reveal()));
    if (const char* authority = std::getenv("SLUICE_CA")) http.tls.ca = authority;
    SLUICE_ASSIGN(auto client, http::HttpClient::create(http, stopping));
    return Bridge(std::move(client), where.gateway + "/mcp", session);
  }

  void carry(const std::string& line) const {
    const auto answer = client_->post(url_,
                                      {{"Content-Type", "application/json"},
                                       {"Accept", "application/json, text/event-stream"},
                                       {"Mcp-Session-Id", session_},
                                       {"User-Agent", "sluice mcp"}},
                                      line);
    if (!answer) {
      tell_failure(line, answer.error().text);
    } else if (answer->cut) {
      tell_failure(line, "the answer is longer than 16 MiB");
    } else if (answer->good()) {
      // A line each, as the transport has it; a notification has no answer.
      std::string body = answer->body;
      while (!body.empty() && body.back() == '\n') body.pop_back();
      if (!body.empty()) std::cout << body << std::endl;
    } else {
      tell_failure(line, refusal(*answer));
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
  Lane lane(calls);
  std::string line;
  while (std::getline(std::cin, line)) {
    if (line.empty()) continue;
    if (cancels(line)) {
      at_once.carry(line);  // Not behind what it cancels.
    } else {
      lane.add(std::move(line));
    }
    line.clear();
  }
  return {};
}

}  // namespace sluice::cli
