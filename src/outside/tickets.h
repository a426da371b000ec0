#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/tickets.h"
#include "http/transport.h"
#include "policy/proofs.h"

namespace sluice::outside {

/// Asks a system in which state a ticket is. Blocking, for as long as its time-out at most;
/// whatever goes wrong is `problem`.
policy::TicketState ask_ticket(const config::TicketSystemConfig& system, const std::string& ticket);

/// What an answer to the question `id` about `ticket` says: signed with the system's secret as the
/// question is, under the question's own id, now.
policy::TicketState read_ticket_answer(const config::TicketSystemConfig& system,
                                       const std::string& ticket, const std::string& id,
                                       const http::HttpAnswer& answer, int64_t now_micros);

}  // namespace sluice::outside
