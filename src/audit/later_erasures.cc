#include "audit/later_erasures.h"

#include "audit/erasure.h"
#include "audit/key_chain.h"
#include "audit/leaf.h"
#include "audit/record_view.h"
#include "audit/segment.h"
#include "audit/tree_files.h"
#include "tlog/proof.h"

namespace sluice::audit {
namespace {

/// The present checkpoint, whose tree begins with that of `head`.
Result<tlog::Checkpoint> later_head(const TreeFiles& files, const tlog::VerifierKey& key,
                                    const tlog::Checkpoint& head) {
  SLUICE_ASSIGN(const auto text, files.read_checkpoint());
  SLUICE_ASSIGN(const auto chain, KeyChain::load(files, key));
  SLUICE_ASSIGN(const auto note, tlog::parse_note(text));
  SLUICE_ASSIGN(const auto later, chain.open(note));
  if (later.size <= head.size || later.origin != head.origin)
    return fail(ErrorCode::kNotFound, "nothing has been signed since");
  SLUICE_ASSIGN(const auto proof, tlog::consistency_proof(head.size, later.size, files.reader()));
  if (tlog::verify_consistency(head.size, head.root, later.size, later.root, proof)) return later;
  return fail(ErrorCode::kInvalidInput, "what was signed since is of another tree");
}

bool is_proven(const TreeFiles& files, const tlog::Checkpoint& head, const Frame& frame) {
  const uint64_t index = frame.sequence - 1;
  const auto proof = tlog::inclusion_proof(index, head.size, files.reader());
  return proof &&
         tlog::verify_inclusion(tlog::leaf_hash(view(record_entry(frame.salt, frame.payload))),
                                index, head.size, *proof, head.root);
}

}  // namespace

Result<ErasureWords> later_erasures(const std::filesystem::path& audit,
                                    const tlog::VerifierKey& key, const tlog::Checkpoint& head) {
  const TreeFiles files = tree_files(audit);
  SLUICE_ASSIGN(const auto later, later_head(files, key, head));
  SLUICE_ASSIGN(const auto segments, list_segments(audit / "log"));
  ErasureWords out;
  Frame frame;
  for (const auto& file : segments) {
    const auto header = read_segment_header(file);
    if (!header || (header->last_sequence != 0 && header->last_sequence <= head.size)) continue;
    auto reader = SegmentReader::open(file);
    while (reader && reader->next(frame) == SegmentReader::Status::kFrame) {
      if (frame.erased || frame.sequence <= head.size || frame.sequence > later.size) continue;
      const auto record = read_record(frame.payload);
      ErasureWords word;
      if (record && !may_expire(*record) && word.add(frame.sequence, record->message) &&
          is_proven(files, later, frame))
        out.add(word);
    }
  }
  return out;
}

}  // namespace sluice::audit
