// sluice audit export: records, and their proofs.
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>
#include <thread>

#include <fmt/format.h>
#include <sys/stat.h>

#include "audit/filters.h"
#include "audit/key_chain.h"
#include "audit/record_json.h"
#include "audit/search.h"
#include "audit/tree_files.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/evidence_files.h"
#include "cli/export_guide.h"
#include "cli/leave_word.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

constexpr size_t kAll = std::numeric_limits<size_t>::max();

using Each = std::function<Result<>(const json::object& record)>;

void say_left_out(size_t limit) {
  std::cerr << fmt::format("sluice: --limit {} left out more that matches\n", limit);
}

/// From where records and their proofs come.
class Source {
 public:
  virtual ~Source() = default;
  /// Calls `each` with what is exported: all that matches in pages, however much that is, unless a
  /// limit was given. Returns how many they were.
  virtual Result<size_t> records(const Each& each) = 0;
  virtual Result<std::string> receipt(uint64_t record) = 0;
  virtual Result<std::string> checkpoint() = 0;
  virtual Result<std::string> key() = 0;
  /// How the key has changed for the n-th time, from 1; kNotFound behind the last.
  virtual Result<std::string> rotation(size_t number) = 0;
};

/// The log's own files.
class Files : public Source {
 public:
  Files(const Common& common, std::filesystem::path audit, audit::Query query)
      : common_(common), audit_(std::move(audit)), query_(std::move(query)) {}

  Result<size_t> records(const Each& each) override {
    constexpr size_t kPage = 1000;
    audit::Query query = query_;
    const bool all = query.limit == kAll;
    if (all) query.limit = kPage;
    // What comes last of the newest first begins with the oldest.
    if (all && query.order == audit::Order::kNewest) query.order = audit::Order::kOldest;
    size_t count = 0;
    do {
      SLUICE_ASSIGN(const auto page, audit::search_page(audit_, query));
      for (const auto& record : page.records) SLUICE_TRY(each(audit::to_json(record)));
      count += page.records.size();
      query.after = page.next;
    } while (all && query.after);
    if (query.after) say_left_out(query.limit);
    return count;
  }
  Result<std::string> receipt(uint64_t record) override { return receipt_of(audit_, record); }
  Result<std::string> checkpoint() override { return audit::tree_files(audit_).read_checkpoint(); }
  Result<std::string> key() override {
    return own_key(common_, audit_).transform([](const auto& key) { return key.text(); });
  }
  Result<std::string> rotation(size_t number) override {
    return audit::read_rotation(audit::tree_files(audit_), number);
  }

 private:
  const Common& common_;
  const std::filesystem::path audit_;
  const audit::Query query_;
};

/// A gateway over HTTP.
class Gateway : public Source {
 public:
  Gateway(const Common& common, const AuditOptions& options)
      : limit_(common.limit), given_(options.filters), order_(options.order) {
    if (!options.saved.empty()) given_.emplace_back("saved", options.saved);
  }

  Result<size_t> records(const Each& each) override {
    // An answer has a longest, and texts may be long.
    constexpr size_t kPage = 200;
    const bool all = limit_ == kAll;
    audit::Given given = given_;
    const bool newest = order_.empty() || order_ == "newest";
    given.emplace_back("order", all && newest ? "oldest" : order_.empty() ? "newest" : order_);
    given.emplace_back("limit", std::to_string(all ? kPage : limit_));
    size_t count = 0;
    for (std::string cursor;;) {
      audit::Given page = given;
      if (!cursor.empty()) page.emplace_back("cursor", cursor);
      SLUICE_ASSIGN(const auto found,
                    call_elsewhere("GET", "/api/v1/audit/records?" + audit::to_query_string(page)));
      for (const auto& record : found.at("records").as_array()) {
        SLUICE_TRY(each(record.as_object()));
        ++count;
      }
      const auto& next = found.at("next");
      if (!all && !next.is_null()) say_left_out(limit_);
      if (!all || next.is_null()) return count;
      cursor = plain(next);
    }
  }
  Result<std::string> receipt(uint64_t record) override {
    // Fewer a second than one user may ask for (api.requests_per_second).
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
    return read_elsewhere(fmt::format("/api/v1/audit/receipts/{}", record));
  }
  Result<std::string> checkpoint() override { return read_elsewhere("/tlog/checkpoint"); }
  Result<std::string> key() override {
    SLUICE_ASSIGN(const auto answer, call_elsewhere("GET", "/api/v1/audit/key"));
    return plain(answer.at("key"));
  }
  Result<std::string> rotation(size_t number) override {
    return read_elsewhere(fmt::format("/tlog/rotation/{}", number));
  }

 private:
  const size_t limit_;
  audit::Given given_;
  const std::string order_;
};

Result<> write_text(const std::filesystem::path& file, std::string_view text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out) return fail(ErrorCode::kIo, "cannot write " + file.string());
  return {};
}

/// The changes of the log's key, so that who trusts one key may follow to the others.
Result<> export_rotations(Source& source, const std::filesystem::path& folder) {
  for (size_t number = 1;; ++number) {
    const auto note = source.rotation(number);
    if (!note && note.error().code == ErrorCode::kNotFound) return {};
    if (!note) return fail(note.error());
    std::error_code error;
    std::filesystem::create_directories(folder / "rotation", error);
    SLUICE_TRY(write_text(folder / "rotation" / std::to_string(number), *note));
  }
}

Result<size_t> export_proofs(Source& source, const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::exists(folder, error)) {
    return fail(ErrorCode::kExists, folder.string() + " is there already: name a new folder");
  }
  SLUICE_ASSIGN(const auto key, source.key());
  std::filesystem::create_directories(folder / "receipts", error);
  if (error) return fail(ErrorCode::kIo, "create " + folder.string() + ": " + error.message());
  std::ofstream lines(folder / "records.jsonl", std::ios::binary);
  SLUICE_ASSIGN(const size_t count, source.records([&](const json::object& record) -> Result<> {
    lines << json::serialize(record) << '\n';
    const auto number = record.at("id").to_number<uint64_t>();
    SLUICE_ASSIGN(const auto receipt, source.receipt(number));
    return write_text(folder / "receipts" / (std::to_string(number) + ".tlog-proof"), receipt);
  }));
  lines.close();
  if (!lines) return fail(ErrorCode::kIo, "cannot write " + (folder / "records.jsonl").string());
  SLUICE_ASSIGN(const auto checkpoint, source.checkpoint());
  SLUICE_TRY(write_text(folder / "checkpoint", checkpoint));
  SLUICE_TRY(write_text(folder / "public-key", key + "\n"));
  SLUICE_TRY(export_rotations(source, folder));
  SLUICE_TRY(write_text(folder / "VERIFY.md", export_guide()));
  SLUICE_TRY(write_text(folder / "verify.py", export_script()));
  return count;
}

Result<> export_from(Source& source, const std::string& folder) {
  if (folder.empty()) {
    return source
        .records([](const json::object& record) -> Result<> {
          std::cout << json_text(record) << '\n';
          return {};
        })
        .transform([](size_t) {});
  }
  // Who may read the log is not who may read this machine.
  const mode_t mask = umask(077);
  const auto count = export_proofs(source, folder);
  umask(mask);
  if (!count) return fail(count.error());
  std::cerr << fmt::format("{} record(s) with proofs in {}; VERIFY.md says how to check them\n",
                           *count, folder);
  return {};
}

}  // namespace

Result<> audit_export(const Common& common, const AuditOptions& options,
                      const EvidenceOptions& evidence) {
  if (evidence.log.empty() && is_elsewhere(common)) {
    Gateway gateway(common, options);
    return export_from(gateway, evidence.proof);
  }
  SLUICE_ASSIGN(const auto folder, audit_folder(common, evidence));
  SLUICE_ASSIGN(const auto query, query_of(common, options));
  SLUICE_TRY(
      leave_word(common, "exported" + (evidence.proof.empty() ? "" : " to " + evidence.proof)));
  Files files(common, folder, query);
  return export_from(files, evidence.proof);
}

}  // namespace sluice::cli
