#include "config/ticket_reader.h"

#include <algorithm>

#include "config/receiver_reader.h"
#include "config/units.h"
#include "config/webhook_reader.h"

namespace sluice::config {
namespace {

TicketSystemConfig read(yaml::MapReader& map, const SecretSource& secrets,
                        const std::vector<TicketSystemConfig>& others) {
  TicketSystemConfig out;
  if (map.scalar("name", out.name, true)) {
    if (!is_receiver_name(out.name))
      map.problem("name", "expected up to 64 letters, digits, - and _");
    const auto same = [&](const TicketSystemConfig& other) { return other.name == out.name; };
    if (std::any_of(others.begin(), others.end(), same))
      map.problem("name", "this name is taken by another system");
  }
  out.url = read_hidden_url(map, secrets, out.delivery);
  if (!read_secret(map, "secret", secrets, out.secret)) {
    map.problem("secret_file",
                "answers are believed by their signature: give secret_file or secret_env");
  }
  read_http(map, secrets, out.delivery);
  out.delivery.timeout = std::chrono::seconds(3);
  map.parsed("timeout", out.delivery.timeout, parse_duration);
  if (out.delivery.timeout < std::chrono::milliseconds(100) ||
      out.delivery.timeout > std::chrono::seconds(10))
    map.problem("timeout", "must be from 100ms to 10s: somebody waits for it");
  return out;
}

}  // namespace

void read_tickets(yaml::MapReader& top, const SecretSource& secrets,
                  std::vector<TicketSystemConfig>& out) {
  if (!top.has("tickets")) {
    (void)top.node("tickets");  // A key that is known, if absent.
    return;
  }
  top.maps("tickets", "a ticket system",
           [&](yaml::MapReader& map) { out.push_back(read(map, secrets, out)); });
}

}  // namespace sluice::config
