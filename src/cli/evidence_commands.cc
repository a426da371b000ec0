// sluice audit verify, receipt, erase, key: the audit log as evidence.
#include <algorithm>
#include <iostream>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "audit/answers_json.h"
#include "audit/erasure.h"
#include "audit/key_chain.h"
#include "audit/legal_holds.h"
#include "audit/log_key.h"
#include "audit/receipt.h"
#include "audit/record_json.h"
#include "audit/search.h"
#include "audit/torn_files.h"
#include "audit/tree_files.h"
#include "audit/verify.h"
#include "cli/call_gateway.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/evidence_files.h"
#include "cli/leave_word.h"
#include "cli/open_store.h"
#include "cli/public_key.h"
#include "cli/told.h"
#include "config/config.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

/// The key that the gateway signs with, as it says itself.
Result<tlog::VerifierKey> key_elsewhere() {
  SLUICE_ASSIGN(const auto answer, call_elsewhere("GET", "/api/v1/audit/key"));
  return tlog::VerifierKey::parse(plain(answer.at("key")));
}

Result<std::vector<tlog::VerifierKey>> keys_of(const Common& common, const EvidenceOptions& options,
                                               const std::filesystem::path& audit) {
  std::vector<tlog::VerifierKey> keys;
  for (const auto& text : options.keys) {
    SLUICE_ASSIGN(auto key, public_key(text));
    keys.push_back(std::move(key));
  }
  if (!keys.empty()) return keys;
  const bool away = audit.empty();
  SLUICE_ASSIGN(auto key, away ? key_elsewhere() : own_key(common, audit));
  std::cerr << fmt::format("sluice: checked with the key that {}; an outsider gives --public-key\n",
                           away ? "the gateway says is its own" : "lies beside the log");
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

/// Says what was found (audit::to_json of a report); an error where something was.
Result<> print_report(const Common& common, const json::object& report) {
  const auto& findings = report.at("findings").as_array();
  if (common.format == Format::kJson) {
    std::cout << json_text(report) << '\n';
  } else {
    for (const auto& each : findings) {
      const json::object& finding = each.as_object();
      const auto* first = finding.if_contains("first");
      const auto* last = finding.if_contains("last");
      std::cout << plain(finding.at("kind"));
      if (first != nullptr) std::cout << " record " << plain(*first);
      if (first != nullptr && last != nullptr && *first != *last)
        std::cout << " to " << plain(*last);
      if (const auto* file = finding.if_contains("file"); file != nullptr)
        std::cout << fmt::format(", {} byte {}", plain(*file), plain(finding.at("offset")));
      std::cout << ": " << plain(finding.at("text")) << '\n';
    }
    std::cout << fmt::format(
        "{}: checkpoint of {} records; {} compared, {} erased with a reason, {} lost in a crash, "
        "{} not yet covered\n",
        plain(report.at("origin")), plain(report.at("size")), plain(report.at("records")),
        plain(report.at("erased")), plain(report.at("lost")), plain(report.at("uncovered")));
  }
  if (report.at("good").as_bool()) return {};
  return fail(ErrorCode::kDenied,
              fmt::format("{}{} thing(s) are wrong with this log", findings.size(),
                          findings.size() == audit::kMaxFindings ? " or more" : ""));
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

/// Which keys of the log count for a checkpoint of that receipt's size, where the notes of its
/// changes lead to them from the first of `keys`, and the others of `keys`.
std::vector<tlog::VerifierKey> keys_of_time(const std::filesystem::path& audit,
                                            const std::string& receipt,
                                            std::vector<tlog::VerifierKey> keys) {
  const auto proof = tlog::parse_proof(receipt);
  const auto note = proof ? tlog::parse_note(proof->checkpoint) : fail(proof.error());
  const auto head = note ? tlog::parse_checkpoint(note->text) : fail(note.error());
  const auto chain = audit::KeyChain::load(audit::tree_files(audit), keys.front());
  if (!head || !chain) return keys;  // What is wrong with it is said by who verifies it.
  keys.erase(keys.begin());
  for (const auto& period : chain->periods()) {
    if (period.from <= head->size && head->size <= period.until) keys.push_back(period.key);
  }
  return keys;
}

/// Whatever is recorded by now is covered by a checkpoint then.
Result<> wait_until_signed(const std::filesystem::path& audit) {
  audit::Query last;
  last.limit = 1;
  SLUICE_ASSIGN(const auto newest, audit::search(audit, last));
  if (newest.empty()) return {};
  return receipt_of(audit, newest.back().sequence).transform([](const auto&) {});
}

/// By the gateway itself, over HTTP: the log, with its own key. One record is checked here.
Result<> verify_elsewhere(const Common& common, const EvidenceOptions& options) {
  if (options.id != 0) {
    SLUICE_ASSIGN(const auto text,
                  read_elsewhere(fmt::format("/api/v1/audit/receipts/{}", options.id)));
    SLUICE_ASSIGN(const auto keys, keys_of(common, options, {}));
    return verify_one(common, text, keys);
  }
  SLUICE_ASSIGN(const auto own, key_elsewhere());
  for (const auto& text : options.keys) {
    SLUICE_ASSIGN(const auto key, public_key(text));
    if (key.text() != own.text())
      return fail(ErrorCode::kDenied, "the gateway signs with another key: " + own.text());
  }
  json::object wanted;
  if (!options.records.empty()) {
    SLUICE_ASSIGN(const auto range, parse_range(options.records));
    wanted = {{"first", range.first}, {"last", range.last}};
  }
  json::array checkpoints;
  for (const auto& file : options.checkpoints) {
    SLUICE_ASSIGN(const auto text, read_input(file));
    checkpoints.emplace_back(text);
  }
  wanted["checkpoints"] = std::move(checkpoints);
  SLUICE_ASSIGN(const auto found,
                call_elsewhere("POST", "/api/v1/audit/verification", json::serialize(wanted)));
  std::cerr << "sluice: checked by the gateway itself; an outsider checks a copy of its log, or "
               "receipts, with --public-key\n";
  return print_report(common, found.as_object());
}

}  // namespace

Result<> audit_verify(const Common& common, const EvidenceOptions& options) {
  if (!options.receipt.empty()) {
    SLUICE_ASSIGN(const auto text, read_input(options.receipt));
    const bool nearby = options.keys.empty() && !(options.log.empty() && is_elsewhere(common));
    SLUICE_ASSIGN(const auto folder, nearby || !options.log.empty() ? audit_folder(common, options)
                                                                    : std::filesystem::path());
    SLUICE_ASSIGN(auto keys, keys_of(common, options, folder));
    if (!folder.empty()) keys = keys_of_time(folder, text, std::move(keys));
    return verify_one(common, text, keys);
  }
  if (options.log.empty() && is_elsewhere(common)) return verify_elsewhere(common, options);
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
  return print_report(common, audit::to_json(report));
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

namespace {

Result<audit::ErasedCount> erase_elsewhere(const audit::Erasure& range, const std::string& reason) {
  const json::object body{{"first", range.first}, {"last", range.last}, {"reason", reason}};
  SLUICE_ASSIGN(const auto answer,
                call_elsewhere("POST", "/api/v1/audit/erasures", json::serialize(body)));
  return audit::ErasedCount{answer.at("erased").to_number<uint64_t>(),
                            answer.at("stayed").to_number<uint64_t>()};
}

Result<audit::ErasedCount> erase_here(const Common& common, const EvidenceOptions& options,
                                      const audit::Erasure& range) {
  SLUICE_ASSIGN(const auto folder, audit_folder(common, options));
  SLUICE_ASSIGN(auto store, open_store(common));
  // One that cannot be read lets nothing go, nor be told.
  SLUICE_ASSIGN(const auto known, audit::load_holds(store));
  if (const auto may = audit::may_erase(folder, range, known); !may) {
    SLUICE_TRY(
        leave_word(common, audit::format_refused(range, options.reason, may.error()), "evidence"));
    return fail(may.error());
  }
  // Told first: an erased record that nothing explains looks like tampering, the other way round
  // like a record that was spared.
  SLUICE_TRY(
      leave_word(common, audit::format_erasure(std::span(&range, 1), options.reason), "evidence"));
  const auto withdraw = [&](const Error& why) {
    return leave_word(common, audit::format_withdrawal(std::span(&range, 1), why.text), "evidence");
  };
  // The holds of now: one may have been set while this waited.
  const auto settle = [&] {
    return wait_until_recorded(common).and_then([&] { return wait_until_signed(folder); });
  };
  const auto load = [&] { return audit::load_holds(store); };
  const auto holds = settle().and_then(load);
  if (!holds) {
    SLUICE_TRY(withdraw(holds.error()));
    return fail(holds.error());
  }
  SLUICE_ASSIGN(const auto count, audit::erase_records(folder, range, *holds, withdraw));
  const auto tell = [&](const std::string& message) {
    return leave_word(common, message, "evidence");
  };
  auto torn = audit::erase_torn(folder / "log", range, options.reason,
                                {tell, settle, audit::any_hold(load)});
  if (!torn) return fail(std::move(torn.error()).within(audit::torn_stays(count.erased)));
  return count;
}

}  // namespace

Result<> audit_erase(const Common& common, const EvidenceOptions& options) {
  SLUICE_ASSIGN(const auto range, parse_range(options.records));
  SLUICE_ASSIGN(const auto count, is_elsewhere(common) ? erase_elsewhere(range, options.reason)
                                                       : erase_here(common, options, range));
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
