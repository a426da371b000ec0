#include "audit/answers_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "audit/record_json.h"
#include "base/bytes.h"
#include "base/clock.h"

namespace sluice::audit {
namespace json = boost::json;

namespace {

/// Of a message of many changes the lines that name the table.
std::string drift_of(std::string_view table, std::string_view message) {
  std::string out(message.substr(0, message.find('\n')));
  for (size_t at = message.find('\n'); at != message.npos;) {
    const size_t end = message.find('\n', at + 1);
    const auto line = message.substr(at + 1, end == message.npos ? end : end - at - 1);
    if (line.find(table) != line.npos) out.append(1, ' ').append(line);
    at = end;
  }
  return out;
}

}  // namespace

json::object to_json(const Sighted& one) {
  auto out = to_json(one.record);
  out["seen"] = one.masked ? "masked" : "shown";
  out["certain"] = one.certain;
  if (!one.spelled.empty()) out["spelled"] = one.spelled;
  out["through"] = to_printable_utf8(fmt::format("{}", fmt::join(one.through, ", ")));
  return out;
}

json::object to_json(const HistoryQuery& query, const Change& change) {
  auto out = to_json(change.record);
  out["outcome"] = change.outcome == TransactionOutcome::kOpen ? std::string_view("unknown")
                                                               : name_of(change.outcome);
  if (!change.undone_by.empty()) out["undone_by"] = to_printable_utf8(change.undone_by);
  // Such records have neither: what they are, and what they say.
  if (change.what == Change::What::kUndone) {
    out["kind"] = "undone";
    out["text"] = to_printable_utf8(
        fmt::format("undone by {}: {}", change.record.context.user, change.record.message));
  } else if (change.what == Change::What::kDrift) {
    out["kind"] = "schema drift";
    out["text"] = to_printable_utf8(drift_of(query.table, change.record.message));
  }
  if (!query.key.empty() && change.what != Change::What::kDrift)
    out["row"] = change.named ? "named" : "maybe";
  return out;
}

json::object to_json(const SubjectsSeen& seen) {
  return {{"day", format_time(seen.day_micros).substr(0, 10)},
          {"user", to_printable_utf8(seen.user)},
          {"subjects", seen.subjects},
          {"exact", seen.exact},
          {"statements", seen.statements}};
}

json::object to_json(const Finding& finding) {
  json::object out{{"kind", name_of(finding.kind)}};
  if (finding.first != 0) out["first"] = finding.first;
  if (finding.last != 0) out["last"] = finding.last;
  if (!finding.file.empty()) {
    out["file"] = finding.file;
    out["offset"] = finding.offset;
  }
  out["text"] = finding.text;
  return out;
}

json::object to_json(const VerifyReport& report) {
  json::array findings;
  for (const auto& finding : report.findings) findings.push_back(to_json(finding));
  return {{"good", report.good()},
          {"origin", report.head.origin},
          {"size", report.head.size},
          {"root", to_hex(tlog::view(report.head.root))},
          {"records", report.records},
          {"erased", report.erased},
          {"lost", report.lost},
          {"uncovered", report.uncovered},
          {"findings", std::move(findings)}};
}

}  // namespace sluice::audit
