#include "audit/answers_json.h"

#include "audit/record_json.h"
#include "base/bytes.h"
#include "base/clock.h"

namespace sluice::audit {
namespace json = boost::json;

namespace {

/// The columns that it came through, as far as the record tells.
std::string through(const Sighted& one) {
  const auto& columns = one.masked ? one.record.masked : one.record.released;
  std::string out;
  for (const auto& column : columns) {
    if (!out.empty()) out += ", ";
    out += column.substr(0, column.find(' '));
  }
  return out;
}

}  // namespace

json::object to_json(const Sighted& one) {
  auto out = to_json(one.record);
  out["seen"] = one.masked ? "masked" : "shown";
  out["certain"] = one.certain;
  out["through"] = through(one);
  return out;
}

json::object to_json(const HistoryQuery& query, const Change& change) {
  auto out = to_json(change.record);
  out["outcome"] = change.outcome == TransactionOutcome::kOpen ? std::string_view("unknown")
                                                               : name_of(change.outcome);
  if (!query.key.empty()) out["row"] = change.named ? "named" : "maybe";
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
