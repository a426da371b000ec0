#include "cli/call_http.h"

#include <atomic>
#include <cstdlib>

#include <fmt/format.h>

#include "cli/output.h"
#include "http/transport.h"

namespace sluice::cli {
namespace {

constexpr size_t kLongestAnswer = size_t{16} << 20;
constexpr auto kLongestStream = std::chrono::hours(24 * 7);

ErrorCode code_of(int status) {
  switch (status) {
    case 400:
    case 413:
      return ErrorCode::kInvalidInput;
    case 401:
      return ErrorCode::kAuthentication;
    case 404:
      return ErrorCode::kNotFound;
    case 409:
      return ErrorCode::kExists;
    case 408:
    case 429:
      return ErrorCode::kUnavailable;  // As it would be by the gateway's own socket.
    default:
      return status < 500 ? ErrorCode::kDenied : ErrorCode::kUnavailable;
  }
}

Error refusal(const http::HttpAnswer& answer) {
  std::string text = fmt::format("the gateway answered {}", answer.status);
  boost::json::error_code error;
  const auto value = boost::json::parse(answer.body, error);
  if (!error && value.is_object()) {
    for (const char* name : {"title", "detail"}) {
      const auto* part = value.get_object().if_contains(name);
      if (part != nullptr && part->is_string())
        text += ": " + printable(std::string_view(part->get_string()));
    }
  }
  return {code_of(answer.status), text};
}

/// What to do where nothing has answered, or nobody that is known.
Error with_next_step(const std::string& base, Error error) {
  const bool told = error.text.find("certificate") != std::string::npos;
  if (error.code == ErrorCode::kUnavailable && !told) {
    error.text += fmt::format(
        "; does the gateway run, and is {} where it listens (listen.http, or a proxy before it)?",
        base);
  }
  return error;
}

http::Options options_with(const SecretString& credential) {
  http::Options options;
  options.longest_answer = kLongestAnswer;
  if (const char* authority = getenv("SLUICE_CA")) options.tls.ca = authority;
  options.ca_setting = "SLUICE_CA";
  if (!credential.empty())
    options.authorization = SecretString("Bearer " + std::string(credential.reveal()));
  return options;
}

Result<std::string> ask(const std::string& base, const std::string& method, const std::string& path,
                        const std::string& body, const SecretString& credential,
                        Duration* retry_after) {
  const std::atomic<bool> stopping{false};
  SLUICE_ASSIGN(const auto client, http::HttpClient::create(options_with(credential), stopping));
  const std::map<std::string, std::string> headers = {{"Content-Type", "application/json"}};
  auto answered = method == "GET" ? client->get(base + path, {})
                                  : client->send(method, base + path, headers, body);
  if (!answered) return fail(with_next_step(base, std::move(answered.error())));
  auto& answer = *answered;
  if (retry_after != nullptr) *retry_after = answer.retry_after;
  if (!answer.good()) return fail(refusal(answer));
  if (answer.cut) {
    return fail(ErrorCode::kLimit,
                fmt::format("the answer is longer than {} MiB: ask for less of it, by --limit or "
                            "by narrower filters",
                            kLongestAnswer >> 20));
  }
  return std::move(answer.body);
}

}  // namespace

Result<boost::json::value> call_http(const std::string& base, const std::string& method,
                                     const std::string& path, const std::string& body,
                                     const SecretString& credential, Duration* retry_after) {
  SLUICE_ASSIGN(const auto text, ask(base, method, path, body, credential, retry_after));
  boost::json::error_code error;
  auto value = boost::json::parse(text, error);
  if (error) return fail(ErrorCode::kUnavailable, "what answered is no sluice gateway");
  return value;
}

Result<std::string> read_http(const std::string& base, const std::string& path,
                              const SecretString& credential) {
  return ask(base, "GET", path, "", credential, nullptr);
}

Result<> follow_http(const std::string& base, const std::string& path,
                     const SecretString& credential, const std::atomic<bool>& stopping,
                     const std::function<bool(std::string_view line)>& take) {
  http::Options options = options_with(credential);
  options.timeout = kLongestStream;
  SLUICE_ASSIGN(const auto client, http::HttpClient::create(options, stopping));
  std::string pending, refused;
  bool enough = false;
  auto answered = client->stream("GET", base + path, {}, "", [&](int status, auto, Bytes piece) {
    if (status != 200) {
      refused.append(piece.substr(0, kLongestAnswer - refused.size()));
      return true;
    }
    pending += piece;
    size_t end;
    while (!enough && (end = pending.find('\n')) != std::string::npos) {
      enough = !take(std::string_view(pending).substr(0, end));
      pending.erase(0, end + 1);
    }
    return !enough && !stopping;
  });
  if (enough || stopping) return {};
  if (!answered) return fail(with_next_step(base, std::move(answered.error())));
  if (!answered->good()) {
    answered->body = std::move(refused);
    return fail(refusal(*answered));
  }
  return fail(ErrorCode::kUnavailable, "the gateway has ended the stream: follow it again");
}

}  // namespace sluice::cli
