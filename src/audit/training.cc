#include "audit/training.h"

#include <algorithm>
#include <map>

#include "audit/search.h"
#include "audit/who_saw.h"

namespace sluice::audit {
namespace {

/// More are not looked through; whoever has more gives a time.
constexpr size_t kMostLookedAt = 1'000'000;

Result<std::vector<Record>> receipts_between(const std::filesystem::path& audit_directory,
                                             int64_t since, int64_t until) {
  Query query;
  query.type = name_of(EventType::kProvenance);
  query.since_micros = since;
  query.until_micros = until;
  query.limit = kMostLookedAt;
  return search(audit_directory, query);
}

bool fits(const TrainingQuery& query, const Record& record) {
  const auto is = [](const std::string& wanted, const std::string& value) {
    return wanted.empty() || wanted == value;
  };
  return is(query.dataset, record.dataset) && is(query.model, record.model) &&
         is(query.user, record.context.user) && is(query.database, record.context.database);
}

}  // namespace

std::string receipt_id(const Record& record) {
  return record.receipt.substr(0, record.receipt.find(' '));
}

Result<std::vector<Record>> training_receipts(const std::filesystem::path& audit_directory,
                                              const TrainingQuery& query) {
  SLUICE_ASSIGN(auto all,
                receipts_between(audit_directory, query.since_micros, query.until_micros));
  std::erase_if(all, [&](const Record& record) { return !fits(query, record); });
  if (all.size() > query.limit) {
    all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(query.limit));
  }
  return all;
}

Result<Record> training_receipt(const std::filesystem::path& audit_directory,
                                const std::string& id) {
  SLUICE_ASSIGN(auto all, receipts_between(audit_directory, 0, 0));
  for (Record& record : all) {
    if (receipt_id(record) == id) return std::move(record);
  }
  return fail(ErrorCode::kNotFound,
              "no receipt \"" + id + "\" is in this log; see: sluice provenance list");
}

Result<std::vector<Holding>> training_holdings(const std::filesystem::path& audit_directory,
                                               const std::vector<uint64_t>& digests,
                                               int64_t since_micros, int64_t until_micros) {
  std::map<std::string, Holding> found;
  for (const uint64_t digest : digests) {
    WhoSawQuery query{{{digest}}, true, since_micros, until_micros, kMostLookedAt};
    SLUICE_ASSIGN(auto all, who_saw(audit_directory, query));
    for (Sighted& one : all) {
      const std::string id = receipt_id(one.record);
      if (id.empty()) continue;
      const auto [at, fresh] = found.try_emplace(id);
      Holding& holding = at->second;
      holding.masked = fresh ? one.masked : holding.masked && one.masked;
      holding.certain = holding.certain || one.certain;
      if (fresh) {
        holding.id = id;
        holding.seen = std::move(one.record);
      }
    }
  }
  std::vector<Holding> out;
  if (found.empty()) return out;
  SLUICE_ASSIGN(auto receipts, receipts_between(audit_directory, since_micros, 0));
  for (Record& record : receipts) {
    if (const auto at = found.find(receipt_id(record)); at != found.end()) {
      at->second.receipt = std::move(record);
    }
  }
  for (auto& [id, holding] : found) out.push_back(std::move(holding));
  std::sort(out.begin(), out.end(), [](const Holding& a, const Holding& b) {
    return a.seen.time_micros < b.seen.time_micros;
  });
  return out;
}

}  // namespace sluice::audit
