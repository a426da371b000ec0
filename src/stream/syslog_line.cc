#include "stream/syslog_line.h"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "stream/format.h"

namespace sluice::stream {
namespace {

/// The number that RFC 5612 keeps for examples: Sluice has none of its own.
constexpr const char* kStructuredId = "sluice@32473";

/// PRINTUSASCII of at most `limit` bytes, or "-" for nothing.
std::string header_field(std::string_view text, size_t limit) {
  std::string out(text.substr(0, limit));
  std::replace_if(out.begin(), out.end(), [](unsigned char c) { return c < 33 || c > 126; }, '_');
  return out.empty() ? "-" : out;
}

void add_parameter(std::string& out, std::string_view name, const std::string& value) {
  if (value.empty()) return;
  out += fmt::format(" {}=\"", name);
  for (const char c : to_printable_utf8(value)) {
    if (c == '"' || c == '\\' || c == ']') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

std::string structured_data(const Entry& entry) {
  const auto& record = entry.record;
  std::string out = fmt::format("[{}", kStructuredId);
  add_parameter(out, "uid", entry.uid);
  add_parameter(out, "user", record.context.user);
  add_parameter(out, "database", record.context.database);
  add_parameter(out, "environment", record.context.environment);
  add_parameter(out, "client", record.context.client_address);
  if (record.context.session_id != 0)
    add_parameter(out, "session", std::to_string(record.context.session_id));
  if (record.type == audit::EventType::kStatement) {
    add_parameter(out, "decision", std::string(audit::name_of(record.outcome)));
    add_parameter(out, "kind", record.kind);
    add_parameter(out, "rule", record.rule);
    add_parameter(out, "sqlstate", record.sqlstate);
    add_parameter(out, "rows", std::to_string(record.rows));
  }
  return out + "]";
}

}  // namespace

std::string syslog_message(const config::StreamConfig& stream, const Source& source,
                           const Entry& entry) {
  const auto& record = entry.record;
  const unsigned priority = stream.facility * 8 + static_cast<unsigned>(syslog_severity(record));
  std::string out =
      fmt::format("<{}>1 {} {} sluice {} {} {} ", priority, format_time(record.time_micros),
                  header_field(source.host, 255), source.process,
                  header_field(audit::name_of(record.type), 32), structured_data(entry));
  if (stream.format == config::StreamFormat::kText) {
    out += text_line(record);
  } else {
    out += boost::json::serialize(formatted(stream.format, source, entry));
  }
  return out;
}

std::string syslog_checkpoint(unsigned facility, const Source& source,
                              const SignedCheckpoint& checkpoint, int64_t time_micros) {
  constexpr unsigned kNotice = 5;
  const auto& head = checkpoint.head;
  const std::string root = to_base64(tlog::view(head.root));
  std::string data = fmt::format("[{}", kStructuredId);
  add_parameter(data, "origin", head.origin);
  add_parameter(data, "size", std::to_string(head.size));
  add_parameter(data, "root", root);
  add_parameter(data, "note", to_base64(checkpoint.note));
  return fmt::format("<{}>1 {} {} sluice {} checkpoint {}] audit log {} has {} records, root {}",
                     facility * 8 + kNotice, format_time(time_micros),
                     header_field(source.host, 255), source.process, data, head.origin, head.size,
                     root);
}

std::string syslog_frame(const std::string& message) {
  return fmt::format("{} {}", message.size(), message);
}

}  // namespace sluice::stream
