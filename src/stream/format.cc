#include "stream/format.h"

#include <charconv>

#include <fmt/format.h>

#include "audit/record_json.h"
#include "base/bytes.h"
#include "provenance/openlineage.h"
#include "stream/ocsf.h"

namespace sluice::stream {
namespace {

using audit::EventType;
using audit::Outcome;

/// UTF-8 in which every control character is written out.
std::string one_line(const std::string& text) {
  std::string out;
  for (const char c : to_printable_utf8(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

void make_utf8(boost::json::value& value) {
  if (auto* text = value.if_string()) {
    if (!is_utf8({text->data(), text->size()}))
      *text = to_printable_utf8({text->data(), text->size()});
  } else if (auto* list = value.if_array()) {
    for (auto& item : *list) make_utf8(item);
  } else if (auto* object = value.if_object()) {
    for (auto& pair : *object) make_utf8(pair.value());
  }
}

/// What is no receipt that can be read is told as the record it is: nothing is dropped.
boost::json::object lineage_json(const Entry& entry) {
  const auto receipt = provenance::read_receipt(entry.record.envelope);
  if (!receipt) return record_json(entry);
  return provenance::run_event(*receipt, entry.uid);
}

}  // namespace

boost::json::object plain_json(const audit::Record& record) {
  boost::json::object out = audit::to_json(record);
  for (auto& pair : out) make_utf8(pair.value());
  return out;
}

boost::json::object record_json(const Entry& entry) {
  boost::json::object out = plain_json(entry.record);
  out["uid"] = entry.uid;
  return out;
}

boost::json::object formatted(config::StreamFormat format, const Source& source,
                              const Entry& entry) {
  if (format == config::StreamFormat::kOpenLineage) return lineage_json(entry);
  return format == config::StreamFormat::kOcsf ? ocsf_event(source, entry) : record_json(entry);
}

std::string text_line(const audit::Record& record) {
  std::string out(audit::name_of(record.type));
  const auto add = [&](std::string_view label, const std::string& value) {
    if (!value.empty()) out += fmt::format(" {}={}", label, one_line(value));
  };
  add("user", record.context.user);
  add("database", record.context.database);
  add("client", record.context.client_address);
  if (record.type == EventType::kStatement) {
    add("decision", std::string(audit::name_of(record.outcome)));
    add("rule", record.rule);
    add("sqlstate", record.sqlstate);
    out += fmt::format(" rows={} duration_us={}", record.rows, record.duration_micros);
  }
  if (!record.message.empty()) out += ": " + one_line(record.message);
  if (!record.text.empty()) out += " | " + one_line(record.text);
  return out;
}

Ending ending_of(const audit::Record& record) {
  if (record.type == EventType::kLoginFailed) return Ending::kRefused;
  if (record.type != EventType::kStatement) return Ending::kSuccess;
  switch (record.outcome) {
    case Outcome::kAllowed:
      return record.sqlstate.empty() ? Ending::kSuccess : Ending::kFailure;
    case Outcome::kDenied:
    case Outcome::kLimited:
      return Ending::kRefused;
    case Outcome::kSkipped:
      return Ending::kFailure;
    case Outcome::kLost:
      return Ending::kUnknown;
  }
  return Ending::kUnknown;
}

int syslog_severity(const audit::Record& record) {
  constexpr int kAlert = 1, kWarning = 4, kNotice = 5, kInformational = 6;
  // Somebody has taken access without asking: the one thing that people are woken for.
  if (record.type == EventType::kGrant && record.kind == "break_glass") return kAlert;
  if (record.type == EventType::kSchemaDrift) return kWarning;
  if (record.type == EventType::kAdmin || record.type == EventType::kEvidence ||
      record.type == EventType::kGrant)
    return kNotice;
  switch (ending_of(record)) {
    case Ending::kRefused:
      return kWarning;
    case Ending::kFailure:
    case Ending::kUnknown:
      return kNotice;
    case Ending::kSuccess:
      return kInformational;
  }
  return kInformational;
}

Peer peer_of(const std::string& client_address) {
  const size_t colon = client_address.rfind(':');
  if (colon == std::string::npos || client_address.starts_with('/')) return {};
  Peer peer;
  const char* end = client_address.data() + client_address.size();
  if (std::from_chars(client_address.data() + colon + 1, end, peer.port).ptr != end) return {};
  peer.address = client_address.substr(0, colon);
  if (peer.address.starts_with('[') && peer.address.ends_with(']'))
    peer.address = peer.address.substr(1, peer.address.size() - 2);
  return peer;
}

}  // namespace sluice::stream
