#include "audit/receipt.h"

#include <algorithm>

#include <fmt/format.h>

#include "audit/leaf.h"
#include "audit/locate.h"
#include "audit/tree_files.h"
#include "tlog/proof.h"

namespace sluice::audit {
namespace {

tl::unexpected<Error> refuted(std::string text) {
  return fail(ErrorCode::kDenied, std::move(text));
}

/// Those who have signed, the log among them.
Result<std::vector<std::string>> signers_of(const tlog::Note& note, const std::string& origin,
                                            const std::vector<tlog::VerifierKey>& keys) {
  std::vector<std::string> signers;
  bool by_the_log = false;
  for (const auto& key : keys) {
    switch (tlog::verify(note, key)) {
      case tlog::Verdict::kAbsent:
        break;
      case tlog::Verdict::kInvalid:
        return refuted("the signature of " + key.name + " is forged");
      case tlog::Verdict::kValid:
        signers.push_back(key.name);
        by_the_log = by_the_log || (key.type == tlog::KeyType::kEd25519 && key.name == origin);
    }
  }
  if (!by_the_log) {
    return refuted(
        "the checkpoint, of the log " + origin +
        ", is not signed with the public key. Where the key has been changed since, give the "
        "log, too (--log): its notes of the changes tell the key of that time");
  }
  return signers;
}

}  // namespace

Result<std::string> make_receipt(const std::filesystem::path& audit, uint64_t sequence) {
  SLUICE_ASSIGN(const Frame frame, locate(audit, sequence));
  if (frame.erased) {
    return fail(ErrorCode::kNotFound, fmt::format("record {} has been erased", sequence));
  }
  const TreeFiles files = tree_files(audit);
  tlog::InclusionProof proof;
  SLUICE_ASSIGN(proof.checkpoint, files.read_checkpoint());
  SLUICE_ASSIGN(const auto note, tlog::parse_note(proof.checkpoint));
  SLUICE_ASSIGN(const auto head, tlog::parse_checkpoint(note.text));
  if (head.size < sequence) {
    return fail(
        ErrorCode::kUnavailable,
        fmt::format("no signed checkpoint covers record {} yet: try again in a second", sequence));
  }
  proof.extra.assign(frame.salt.data(), frame.salt.size());
  proof.extra += frame.payload;
  proof.index = sequence - 1;
  SLUICE_ASSIGN(proof.hashes, tlog::inclusion_proof(proof.index, head.size, files.reader()));
  return tlog::format_proof(proof);
}

Result<VerifiedReceipt> verify_receipt(std::string_view text,
                                       const std::vector<tlog::VerifierKey>& keys) {
  SLUICE_ASSIGN(const auto proof, tlog::parse_proof(text));
  SLUICE_ASSIGN(const auto note, tlog::parse_note(proof.checkpoint));
  VerifiedReceipt receipt;
  SLUICE_ASSIGN(receipt.checkpoint, tlog::parse_checkpoint(note.text));
  SLUICE_ASSIGN(receipt.signers, signers_of(note, receipt.checkpoint.origin, keys));
  const auto leaf = tlog::leaf_hash(view(record_entry(proof.extra)));
  if (!tlog::verify_inclusion(leaf, proof.index, receipt.checkpoint.size, proof.hashes,
                              receipt.checkpoint.root)) {
    return refuted("the record is not what the log has under this number");
  }
  if (proof.extra.size() < sizeof(Salt)) return refuted("the receipt has no record");
  SLUICE_ASSIGN(receipt.record,
                decode_record(proof.index + 1, Bytes(proof.extra).substr(sizeof(Salt))));
  return receipt;
}

}  // namespace sluice::audit
