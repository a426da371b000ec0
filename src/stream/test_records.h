#pragma once

#include <string>

#include "stream/source.h"

namespace sluice::stream {

/// A gateway for tests.
inline Source test_source() { return {"0123456789abcdef", "1.2.3", "gw.example", 42}; }

/// A statement that ran, as alice's.
inline Entry statement_entry(uint64_t sequence = 7) {
  audit::Record record;
  record.sequence = sequence;
  record.type = audit::EventType::kStatement;
  record.time_micros = 1'764'150'000'123'456;
  record.context.session_id = 9;
  record.context.user = "alice";
  record.context.database = "orders";
  record.context.environment = "production";
  record.context.application = "psql";
  record.context.client_address = "192.0.2.7:51234";
  record.context.authentication = "scram-sha-256";
  record.context.groups = {"engineering"};
  record.context.kind = "human";
  record.outcome = audit::Outcome::kAllowed;
  record.text = "SELECT * FROM t";
  record.kind = "SELECT";
  record.tables = {"public.t"};
  record.rule = "read";
  record.policy_version = "standard@1";
  record.rows = 3;
  record.bytes = 120;
  record.duration_micros = 2500;
  return {test_source().uid(sequence), record};
}

/// A record of another type, without what only statements have.
inline Entry other_entry(audit::EventType type, std::string message = "") {
  Entry entry = statement_entry();
  audit::Record record;
  record.sequence = entry.record.sequence;
  record.type = type;
  record.time_micros = entry.record.time_micros;
  record.context = entry.record.context;
  record.message = std::move(message);
  return {entry.uid, record};
}

}  // namespace sluice::stream
