#include "audit/admin_events.h"

#include <algorithm>

#include "audit/search.h"
#include "base/clock.h"

namespace sluice::audit {
namespace {

/// Access that somebody takes without asking: a grant that people are woken for.
constexpr std::string_view kBreakGlass = "break_glass";

EventType type_of(std::string_view type) {
  return type == "audit_read"  ? EventType::kAuditRead
         : type == "evidence"  ? EventType::kEvidence
         : type == "approval"  ? EventType::kApproval
         : type == "grant"     ? EventType::kGrant
         : type == kBreakGlass ? EventType::kGrant
                               : EventType::kAdmin;
}

Result<bool> is_recorded(const Log& log, const store::AdminEvent& event) {
  Query query;
  query.since_micros = query.until_micros = event.time_micros;
  query.limit = 10'000;
  SLUICE_ASSIGN(const auto records, search(log.directory(), query));
  return std::any_of(records.begin(), records.end(), [&](const Record& record) {
    return record.type == type_of(event.type) && record.context.user == event.actor &&
           std::string_view(record.message).starts_with(event.message);
  });
}

Result<> record(Log& log, const store::AdminEvent& waiting, std::string_view name) {
  SessionContext context;
  context.user = waiting.actor;
  Event event;
  event.type = type_of(waiting.type);
  if (waiting.type == kBreakGlass) event.kind = kBreakGlass;
  event.time_micros = waiting.time_micros;
  std::string message = waiting.message;
  if (!waiting.taken_by.empty() && waiting.taken_by != name) {
    message += " (gateway " + waiting.taken_by +
               " took this to record it, and was not heard of since: its log may have it too)";
  }
  event.message = message;
  SLUICE_TRY(log.append_admin(context, event));
  return {};
}

}  // namespace

Result<> record_admin_events(store::Database& database, Log& log, std::string_view name) {
  SLUICE_ASSIGN(const auto events, store::take_admin_events(database, name, wall_micros()));
  for (const auto& waiting : events) {
    bool known = false;
    if (waiting.taken_by == name) {
      SLUICE_ASSIGN(known, is_recorded(log, waiting));
    }
    if (!known) SLUICE_TRY(record(log, waiting, name));
    SLUICE_TRY(store::forget_admin_event(database, waiting.id));
  }
  return {};
}

}  // namespace sluice::audit
