// sluice audit verify, receipt, export, erase, key: the audit log as evidence.
#include <algorithm>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>
#include <thread>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/answers_json.h"
#include "audit/erasure.h"
#include "audit/key_chain.h"
#include "audit/legal_holds.h"
#include "audit/log_key.h"
#include "audit/receipt.h"
#include "audit/record_json.h"
#include "audit/search.h"
#include "audit/tree_files.h"
#include "audit/verify.h"
#include "cli/call_gateway.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/export_guide.h"
#include "cli/leave_word.h"
#include "cli/open_store.h"
#include "cli/public_key.h"
#include "cli/told.h"
#include "config/config.h"
#include "tlog/note.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

/// The folder with `log/` and `tlog/`: what was given, or that of the configured state.
Result<std::filesystem::path> audit_folder(const Common& common, const EvidenceOptions& options) {
  if (!options.log.empty()) return std::filesystem::path(options.log);
  SLUICE_TRY(
      only_here(common, "on a copy of its log: sluice audit verify --log DIR --public-key KEY"));
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  return config.state / "audit";
}

/// The key that lies beside the log, for those who have no other.
Result<tlog::VerifierKey> own_key(const Common& common, const std::filesystem::path& audit) {
  std::filesystem::path file = audit / "log-key.pem";
  if (const auto config = config::load(common.config_file, false);
      config && !config->audit.key.empty()) {
    file = config->audit.key;
  }
  auto signer = audit::open_key(file);
  if (!signer) {
    return fail(
        std::move(signer.error()).within("give --public-key, or run this where the key is"));
  }
  SLUICE_ASSIGN(const auto text, audit::tree_files(audit).read_checkpoint());
  SLUICE_ASSIGN(const auto note, tlog::parse_note(text));
  SLUICE_ASSIGN(const auto head, tlog::parse_checkpoint(note.text));
  return tlog::VerifierKey{head.origin, tlog::KeyType::kEd25519, (*signer)->public_key()};
}

Result<std::vector<tlog::VerifierKey>> keys_of(const Common& common, const EvidenceOptions& options,
                                               const std::filesystem::path& audit) {
  std::vector<tlog::VerifierKey> keys;
  for (const auto& text : options.keys) {
    SLUICE_ASSIGN(auto key, public_key(text));
    keys.push_back(std::move(key));
  }
  if (!keys.empty()) return keys;
  SLUICE_ASSIGN(auto key, own_key(common, audit));
  std::cerr << "sluice: checked with the key that lies beside the log; an outsider gives "
               "--public-key\n";
  return std::vector{std::move(key)};
}

/// "17" or "17-30".
Result<audit::Erasure> parse_range(const std::string& text) {
  const size_t dash = text.find('-');
  SLUICE_ASSIGN(const auto first, tlog::parse_size(text.substr(0, dash)));
  auto last = first;
  if (dash != text.npos) {
    SLUICE_ASSIGN(last, tlog::parse_size(text.substr(dash + 1)));
  }
  if (first == 0 || last < first) {
    return fail(ErrorCode::kInvalidInput, "expected records such as 17 or 17-30, got " + text);
  }
  return audit::Erasure{first, last};
}

void show_progress(uint64_t done, uint64_t all) {
  if (isatty(STDERR_FILENO) != 0) {
    std::cerr << fmt::format("\r{} of {} records", done, all) << std::flush;
  }
}

/// Says what was found; an error where something was.
Result<> print_report(const Common& common, const audit::VerifyReport& report) {
  if (common.format == Format::kJson) {
    std::cout << json_text(audit::to_json(report)) << '\n';
  } else {
    for (const auto& finding : report.findings) {
      std::cout << audit::name_of(finding.kind);
      if (finding.first != 0) std::cout << " record " << finding.first;
      if (finding.last > finding.first) std::cout << " to " << finding.last;
      if (!finding.file.empty())
        std::cout << fmt::format(", {} byte {}", finding.file, finding.offset);
      std::cout << ": " << finding.text << '\n';
    }
    std::cout << fmt::format(
        "{}: checkpoint of {} records; {} compared, {} erased with a reason, {} lost in a crash, "
        "{} not yet covered\n",
        report.head.origin, report.head.size, report.records, report.erased, report.lost,
        report.uncovered);
  }
  if (report.good()) return {};
  return fail(ErrorCode::kDenied,
              fmt::format("{}{} thing(s) are wrong with this log", report.findings.size(),
                          report.more_findings ? " or more" : ""));
}

Result<> verify_one(const Common& common, const std::string& text,
                    const std::vector<tlog::VerifierKey>& keys) {
  SLUICE_ASSIGN(const auto receipt, audit::verify_receipt(text, keys));
  auto out = audit::to_json(receipt.record);
  if (common.format == Format::kJson) {
    out["verified_by"] = json::array(receipt.signers.begin(), receipt.signers.end());
    std::cout << json_text(out) << '\n';
    return {};
  }
  for (const auto& [name, value] : out) {
    std::cout << fmt::format("{:<20} {}\n", std::string_view(name), printable(plain(value)));
  }
  std::cout << fmt::format("This is record {} of {}, signed by {}.\n", receipt.record.sequence,
                           receipt.checkpoint.origin, fmt::join(receipt.signers, ", "));
  return {};
}

/// A checkpoint once a second: what was recorded just now is covered in a moment.
Result<std::string> receipt_of(const std::filesystem::path& audit, uint64_t id) {
  for (int tries = 0;; ++tries) {
    auto text = audit::make_receipt(audit, id);
    if (text || text.error().code != ErrorCode::kUnavailable || tries == 30) return text;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

/// Whatever is recorded by now is covered by a checkpoint then.
Result<> wait_until_signed(const std::filesystem::path& audit) {
  audit::Query last;
  last.limit = 1;
  SLUICE_ASSIGN(const auto newest, audit::search(audit, last));
  if (newest.empty()) return {};
  return receipt_of(audit, newest.back().sequence).transform([](const auto&) {});
}

Result<> write_text(const std::filesystem::path& file, std::string_view text) {
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out) return fail(ErrorCode::kIo, "cannot write " + file.string());
  return {};
}

/// Calls `each` with what is exported: all that matches in pages, however much that is, unless a
/// limit was given. Returns how many they were.
Result<size_t> for_each_exported(const std::filesystem::path& audit, audit::Query query,
                                 const std::function<Result<>(const audit::Record&)>& each) {
  constexpr size_t kPage = 1000;
  const size_t given = query.limit;
  const bool all = given == std::numeric_limits<size_t>::max();
  if (all) query.limit = kPage;
  // What comes last of the newest first begins with the oldest.
  if (all && query.order == audit::Order::kNewest) query.order = audit::Order::kOldest;
  size_t count = 0;
  do {
    SLUICE_ASSIGN(const auto page, audit::search_page(audit, query));
    for (const auto& record : page.records) SLUICE_TRY(each(record));
    count += page.records.size();
    query.after = page.next;
  } while (all && query.after);
  if (query.after)
    std::cerr << fmt::format("sluice: --limit {} left out more that matches\n", given);
  return count;
}

/// The changes of the log's key, so that who trusts one key may follow to the others.
Result<> export_rotations(const std::filesystem::path& audit, const std::filesystem::path& folder) {
  const auto files = audit::tree_files(audit);
  for (size_t number = 1;; ++number) {
    const auto note = audit::read_rotation(files, number);
    if (!note && note.error().code == ErrorCode::kNotFound) return {};
    if (!note) return fail(note.error());
    std::error_code error;
    std::filesystem::create_directories(folder / "rotation", error);
    SLUICE_TRY(write_text(folder / "rotation" / std::to_string(number), *note));
  }
}

Result<size_t> export_proofs(const std::filesystem::path& audit,
                             const std::filesystem::path& folder, const audit::Query& query,
                             const tlog::VerifierKey& key) {
  std::error_code error;
  if (std::filesystem::exists(folder, error)) {
    return fail(ErrorCode::kExists, folder.string() + " is there already: name a new folder");
  }
  std::filesystem::create_directories(folder / "receipts", error);
  if (error) return fail(ErrorCode::kIo, "create " + folder.string() + ": " + error.message());
  std::ofstream lines(folder / "records.jsonl", std::ios::binary);
  SLUICE_ASSIGN(const size_t count,
                for_each_exported(audit, query, [&](const audit::Record& record) -> Result<> {
                  lines << json::serialize(audit::to_json(record)) << '\n';
                  SLUICE_ASSIGN(const auto receipt, receipt_of(audit, record.sequence));
                  const auto name = std::to_string(record.sequence) + ".tlog-proof";
                  return write_text(folder / "receipts" / name, receipt);
                }));
  lines.close();
  if (!lines) return fail(ErrorCode::kIo, "cannot write " + (folder / "records.jsonl").string());
  SLUICE_ASSIGN(const auto checkpoint, audit::tree_files(audit).read_checkpoint());
  SLUICE_TRY(write_text(folder / "checkpoint", checkpoint));
  SLUICE_TRY(write_text(folder / "public-key", key.text() + "\n"));
  SLUICE_TRY(export_rotations(audit, folder));
  SLUICE_TRY(write_text(folder / "VERIFY.md", export_guide()));
  SLUICE_TRY(write_text(folder / "verify.py", export_script()));
  return count;
}

}  // namespace

Result<> audit_verify(const Common& common, const EvidenceOptions& options) {
  if (!options.receipt.empty()) {
    SLUICE_ASSIGN(const auto text, read_input(options.receipt));
    SLUICE_ASSIGN(const auto folder,
                  options.keys.empty() ? audit_folder(common, options) : std::filesystem::path());
    SLUICE_ASSIGN(const auto keys, keys_of(common, options, folder));
    return verify_one(common, text, keys);
  }
  SLUICE_ASSIGN(const auto folder, audit_folder(common, options));
  if (options.log.empty()) SLUICE_TRY(leave_word(common, "verified"));
  SLUICE_ASSIGN(const auto keys, keys_of(common, options, folder));
  if (options.id != 0) {
    SLUICE_ASSIGN(const auto text, receipt_of(folder, options.id));
    return verify_one(common, text, keys);
  }
  audit::VerifyOptions verify;
  verify.audit = folder;
  verify.key = keys.front();
  verify.progress = show_progress;
  for (const auto& file : options.checkpoints) {
    SLUICE_ASSIGN(auto text, read_input(file));
    verify.checkpoints.push_back(std::move(text));
  }
  if (!options.records.empty()) {
    SLUICE_ASSIGN(const auto range, parse_range(options.records));
    verify.first = range.first;
    verify.last = range.last;
  }
  SLUICE_ASSIGN(const auto report, audit::verify_log(verify));
  if (isatty(STDERR_FILENO) != 0) std::cerr << '\r';
  return print_report(common, report);
}

Result<> audit_receipt(const Common& common, const EvidenceOptions& options) {
  if (options.log.empty() && is_elsewhere(common)) {
    SLUICE_ASSIGN(const auto text,
                  read_elsewhere(fmt::format("/api/v1/audit/receipts/{}", options.id)));
    std::cout << text;
    return {};
  }
  SLUICE_ASSIGN(const auto folder, audit_folder(common, options));
  if (options.log.empty()) {
    SLUICE_TRY(leave_word(common, fmt::format("receipt of record {}", options.id)));
  }
  SLUICE_ASSIGN(const auto text, receipt_of(folder, options.id));
  std::cout << text;
  return {};
}

Result<> audit_export(const Common& common, const AuditOptions& options,
                      const EvidenceOptions& evidence) {
  SLUICE_ASSIGN(const auto folder, audit_folder(common, evidence));
  SLUICE_ASSIGN(const auto query, query_of(common, options));
  SLUICE_TRY(
      leave_word(common, "exported" + (evidence.proof.empty() ? "" : " to " + evidence.proof)));
  if (evidence.proof.empty()) {
    return for_each_exported(folder, query,
                             [](const audit::Record& record) -> Result<> {
                               std::cout << json_text(audit::to_json(record)) << '\n';
                               return {};
                             })
        .transform([](size_t) {});
  }
  SLUICE_ASSIGN(const auto key, own_key(common, folder));
  // Who may read the log is not who may read this machine.
  const mode_t mask = umask(077);
  const auto count = export_proofs(folder, evidence.proof, query, key);
  umask(mask);
  if (!count) return fail(count.error());
  std::cerr << fmt::format("{} record(s) with proofs in {}; VERIFY.md says how to check them\n",
                           *count, evidence.proof);
  return {};
}

Result<> audit_erase(const Common& common, const EvidenceOptions& options) {
  SLUICE_ASSIGN(const auto folder, audit_folder(common, options));
  SLUICE_ASSIGN(const auto range, parse_range(options.records));
  SLUICE_ASSIGN(auto store, open_store(common));
  // One that cannot be read lets nothing go, nor be told.
  SLUICE_TRY(audit::load_holds(store));
  // Told first: an erased record that nothing explains looks like tampering, the other way round
  // like a record that was spared.
  SLUICE_TRY(
      leave_word(common, audit::format_erasure(std::span(&range, 1), options.reason), "evidence"));
  SLUICE_TRY(wait_until_recorded(common));
  SLUICE_TRY(wait_until_signed(folder));
  // Those of now: one may have been set while this waited.
  SLUICE_ASSIGN(const auto holds, audit::load_holds(store));
  SLUICE_ASSIGN(const auto count, audit::erase_records(folder, range, holds));
  told(common, {{"erased", count.erased}, {"stayed", count.stayed}},
       fmt::format("{} record(s) erased; their places in the log stay proven", count.erased));
  if (count.stayed > 0) {
    std::cerr << fmt::format(
        "{} record(s) of the range stay: they say what was erased or lost, or which key signs, and "
        "without them that would look like tampering\n",
        count.stayed);
  }
  return {};
}

namespace {

void print_key(const Common& common, const std::string& key) {
  if (common.format == Format::kTable) std::cout << key << '\n';
  told(common, {{"key", key}}, "");
}

}  // namespace

Result<> audit_key(const Common& common, const EvidenceOptions& options) {
  if (options.witness) {
    SLUICE_ASSIGN(const auto answer, call_gateway(common, "GET", "/api/v1/audit/witness-key"));
    print_key(common, plain(answer.at("key")));
    return {};
  }
  if (options.rotate) {
    SLUICE_ASSIGN(const auto answer, call_gateway(common, "POST", "/api/v1/audit/key/rotate"));
    print_key(common, plain(answer.at("key")));
    return {};
  }
  if (options.log.empty() && is_elsewhere(common)) {
    SLUICE_ASSIGN(const auto answer, call_elsewhere("GET", "/api/v1/audit/key"));
    print_key(common, plain(answer.at("key")));
    return {};
  }
  SLUICE_ASSIGN(const auto folder, audit_folder(common, options));
  SLUICE_ASSIGN(const auto key, own_key(common, folder));
  print_key(common, key.text());
  return {};
}

}  // namespace sluice::cli
