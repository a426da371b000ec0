#include "outside/tickets.h"

#include <atomic>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/random.h"
#include "http/webhook_signature.h"

namespace sluice::outside {
namespace {

namespace json = boost::json;

constexpr size_t kLongestTicket = 200;
constexpr size_t kLongestAnswer = 16 << 10;

policy::TicketState unknown(const std::string& ticket, std::string why) {
  return {ticket, "", std::move(why)};
}

std::string_view header(const http::HttpAnswer& answer, const char* name) {
  const auto found = answer.signature_headers.find(name);
  return found == answer.signature_headers.end() ? std::string_view() : found->second;
}

std::string text_of(const json::value& object, std::string_view name) {
  const json::value* value = object.is_object() ? object.get_object().if_contains(name) : nullptr;
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

policy::TicketState read_ticket_answer(const config::TicketSystemConfig& system,
                                       const std::string& ticket, const std::string& id,
                                       const http::HttpAnswer& answer, int64_t now_micros) {
  if (!answer.good()) return unknown(ticket, fmt::format("the system answered {}", answer.status));
  if (answer.cut) return unknown(ticket, "the system's answer is too long");
  const auto key = http::webhook_key(system.secret);
  if (!key) return unknown(ticket, key.error().text);
  // Of another question is an answer that was good once.
  if (header(answer, "webhook-id") != id)
    return unknown(ticket, "the answer is not to this question: its webhook-id is another");
  const auto believed =
      http::check_webhook(*key,
                          {header(answer, "webhook-id"), header(answer, "webhook-timestamp"),
                           header(answer, "webhook-signature")},
                          answer.body, now_micros);
  if (!believed)
    return unknown(ticket, fmt::format("the answer is not believed: {}", believed.error().text));
  json::error_code error;
  const json::value said = json::parse(answer.body, error);
  if (error || text_of(said, "ticket") != ticket)
    return unknown(ticket, "it tells of no such ticket");
  const std::string state = text_of(said, "state");
  if (state.empty()) return unknown(ticket, "the answer tells no state");
  return {ticket, state, ""};
}

policy::TicketState ask_ticket(const config::TicketSystemConfig& system,
                               const std::string& ticket) {
  if (ticket.empty()) return unknown(ticket, "no ticket is named");
  if (ticket.size() > kLongestTicket) return unknown("", "the ticket's name is too long");
  const auto key = http::webhook_key(system.secret);
  if (!key) return unknown(ticket, key.error().text);
  const auto& delivery = system.delivery;
  static const std::atomic<bool> kGoesOn{false};
  const auto client = http::HttpClient::create(
      {.tls = {delivery.tls.ca, delivery.tls.certificate, delivery.tls.key},
       .headers = delivery.headers,
       .authorization = delivery.authorization,
       .timeout = delivery.timeout,
       .longest_answer = kLongestAnswer},
      kGoesOn);
  if (!client) return unknown(ticket, client.error().text);
  const std::string id = "ticket-" + to_hex(random_string(16));
  const std::string body = json::serialize(json::object{
      {"type", "sluice.ticket"}, {"data", json::object{{"ticket", to_printable_utf8(ticket)}}}});
  auto headers = http::webhook_headers(*key, id, wall_micros() / 1'000'000, body);
  headers["Content-Type"] = "application/json";
  const auto answer = (*client)->post(std::string(system.url.reveal()), headers, body);
  // An error of the connection may name the address, of which the path may be a secret.
  if (!answer) {
    return unknown(ticket, answer.error().code == ErrorCode::kTimeout
                               ? "the system did not answer in time"
                               : "the system cannot be reached");
  }
  return read_ticket_answer(system, ticket, id, *answer, wall_micros());
}

}  // namespace sluice::outside
