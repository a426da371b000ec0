#include "tlog/witness.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/base64.h"

namespace sluice::tlog {
namespace {

constexpr size_t kMaxProofLines = 63;

bool signed_by_any(const Note& note, const std::vector<VerifierKey>& keys,
                   const std::string& origin) {
  return std::any_of(keys.begin(), keys.end(), [&](const VerifierKey& key) {
    return key.name == origin && verify(note, key) == Verdict::kValid;
  });
}

}  // namespace

std::string format_add_checkpoint(const AddCheckpoint& request) {
  std::string body = fmt::format("old {}\n", request.old_size);
  for (const Hash& hash : request.proof) body += to_base64(view(hash)) + "\n";
  return body + "\n" + request.checkpoint;
}

Result<AddCheckpoint> parse_add_checkpoint(std::string_view body) {
  AddCheckpoint request;
  auto line = take_line(body);
  if (!line || !line->starts_with("old ")) {
    return fail(ErrorCode::kInvalidInput, "the first line is not \"old SIZE\"");
  }
  SLUICE_ASSIGN(request.old_size, parse_size(line->substr(4)));
  for (line = take_line(body); line && !line->empty(); line = take_line(body)) {
    if (request.proof.size() == kMaxProofLines) {
      return fail(ErrorCode::kInvalidInput, "the proof has more than 63 lines");
    }
    SLUICE_ASSIGN(const auto hash, parse_hash(*line));
    request.proof.push_back(hash);
  }
  if (!line) return fail(ErrorCode::kInvalidInput, "no checkpoint follows the proof");
  request.checkpoint = body;
  return request;
}

WitnessVerdict judge(const AddCheckpoint& request, const std::vector<VerifierKey>& keys,
                     const std::function<Witnessed(const std::string& origin)>& latest) {
  const auto note = parse_note(request.checkpoint);
  if (!note) return {400, note.error().text, {}};
  const auto checkpoint = parse_checkpoint(note->text);
  if (!checkpoint) return {400, checkpoint.error().text, {}};
  const auto is_of_it = [&](const VerifierKey& key) { return key.name == checkpoint->origin; };
  if (std::none_of(keys.begin(), keys.end(), is_of_it)) {
    return {404, "this witness does not know a log called " + checkpoint->origin, *checkpoint};
  }
  if (!signed_by_any(*note, keys, checkpoint->origin)) {
    return {403, "no signature of the checkpoint is of a key that this witness trusts",
            *checkpoint};
  }
  if (request.old_size > checkpoint->size) {
    return {400, "the old size is beyond the checkpoint's", *checkpoint};
  }
  const Witnessed known = latest(checkpoint->origin);
  if (request.old_size != known.size) {
    return {409, std::to_string(known.size) + "\n", *checkpoint};
  }
  if (known.size == checkpoint->size && known.root != checkpoint->root) {
    return {409, std::to_string(known.size) + "\n", *checkpoint};
  }
  if (!verify_consistency(known.size, known.root, checkpoint->size, checkpoint->root,
                          request.proof)) {
    return {422,
            "the log has been rewritten: its tree does not begin with the one that was "
            "cosigned last",
            *checkpoint};
  }
  return {200, {}, *checkpoint};
}

}  // namespace sluice::tlog
