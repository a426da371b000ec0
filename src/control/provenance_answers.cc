#include "control/provenance_answers.h"

#include "base/clock.h"
#include "mask/sightings.h"
#include "provenance/receipt.h"

namespace sluice::control {
namespace json = boost::json;

namespace {

Result<std::vector<uint64_t>> digests_of(const std::string& secret, const Subject& subject) {
  const auto key = mask::sighting_key(secret);
  std::vector<uint64_t> out;
  for (const auto& value : subject.values) {
    const auto digest = mask::sighting(key, value);
    if (!digest) return fail(ErrorCode::kInvalidInput, "a value to look for has letters or digits");
    out.push_back(*digest);
  }
  if (out.empty()) return fail(ErrorCode::kInvalidInput, "expected a value to look for");
  return out;
}

std::string_view how(const audit::Holding& holding) { return holding.masked ? "masked" : "shown"; }

}  // namespace

json::object summary(const audit::Record& record) {
  json::object out{{"id", audit::receipt_id(record)},
                   {"dataset", record.dataset},
                   {"model", record.model},
                   {"time", format_time(record.time_micros)},
                   {"user", record.context.user},
                   {"database", record.context.database},
                   {"rows", record.rows},
                   {"record", record.sequence}};
  const auto receipt = provenance::read_receipt(record.envelope);
  if (!receipt) return out;
  out["root"] = to_hex(tlog::view(receipt->root));
  out["classes"] = json::array(receipt->classes.begin(), receipt->classes.end());
  out["masking"] = receipt->masking;
  return out;
}

Result<json::array> affected(const std::filesystem::path& audit_directory,
                             const std::string& secret, const Subject& subject) {
  SLUICE_ASSIGN(const auto digests, digests_of(secret, subject));
  SLUICE_ASSIGN(const auto all,
                audit::training_holdings(audit_directory, digests, subject.since_micros,
                                         subject.until_micros));
  json::array out;
  for (const auto& holding : all) {
    json::object one = summary(holding.receipt ? *holding.receipt : holding.seen);
    one["id"] = holding.id;
    one["seen"] = how(holding);
    one["certain"] = holding.certain;
    one["completed"] = holding.receipt.has_value();
    out.push_back(std::move(one));
  }
  return out;
}

Result<json::array> contains(const std::filesystem::path& audit_directory,
                             const std::string& secret, const Subject& subject) {
  SLUICE_ASSIGN(const auto digests, digests_of(secret, subject));
  audit::TrainingQuery query;
  query.limit = SIZE_MAX;
  SLUICE_ASSIGN(auto receipts, audit::training_receipts(audit_directory, query));
  std::erase_if(receipts, [&](const audit::Record& record) {
    return record.dataset != subject.dataset && audit::receipt_id(record) != subject.dataset;
  });
  if (receipts.empty()) {
    return fail(ErrorCode::kNotFound, "no data set or receipt \"" + subject.dataset +
                                          "\" is in this log; see: sluice provenance list");
  }
  SLUICE_ASSIGN(const auto holdings, audit::training_holdings(audit_directory, digests, 0, 0));
  json::array out;
  for (const auto& record : receipts) {
    json::object one = summary(record);
    const auto* masking = one.if_contains("masking");
    one["contains"] = masking != nullptr && masking->as_bool() ? "no" : "unknown";
    for (const auto& holding : holdings) {
      if (holding.id != audit::receipt_id(record)) continue;
      one["contains"] = how(holding);
      one["certain"] = holding.certain;
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace sluice::control
