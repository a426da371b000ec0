#include <atomic>
#include <cstdlib>
#include <iostream>

#include <boost/json.hpp>
#include <fmt/format.h>

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

}  // namespace

Result<> mcp(const ConnectOptions& options) {
  SLUICE_ASSIGN(const Where where, where_to(options));
  http::Options http;
  http.longest_answer = size_t{16} << 20;
  http.timeout = std::chrono::minutes(5);
  http.authorization = SecretString("Bearer " + std::string(where.secret.reveal()));
  if (const char* authority = std::getenv("SLUICE_CA")) http.tls.ca = authority;
  const std::atomic<bool> stopping{false};
  SLUICE_ASSIGN(const auto client, http::HttpClient::create(http, stopping));
  std::string line;
  while (std::getline(std::cin, line)) {
    if (line.empty()) continue;
    const auto answer = client->post(where.gateway + "/mcp",
                                     {{"Content-Type", "application/json"},
                                      {"Accept", "application/json, text/event-stream"},
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
  return {};
}

}  // namespace sluice::cli
