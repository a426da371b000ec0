#include "tlog/checkpoint.h"

#include <charconv>

#include <fmt/format.h>

#include "base/base64.h"

namespace sluice::tlog {
namespace {

constexpr std::string_view kProofHeader = "c2sp.org/tlog-proof@v1";
/// An extension line: the log was closed with this checkpoint.
constexpr std::string_view kClosed = "closed";
/// A proof in a tree of 2^64 leaves has no more.
constexpr size_t kMaxProof = 64;

tl::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorCode::kInvalidInput, std::string(what));
}

}  // namespace

std::optional<std::string_view> take_line(std::string_view& text) {
  const size_t end = text.find('\n');
  if (end == text.npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

Result<uint64_t> parse_size(std::string_view text) {
  uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size() ||
      std::to_string(value) != text) {
    return malformed(fmt::format("\"{}\" is not a size", text.substr(0, 40)));
  }
  return value;
}

Result<Hash> parse_hash(std::string_view text) {
  const auto raw = from_base64(text);
  if (!raw || raw->size() != sizeof(Hash)) {
    return malformed(fmt::format("\"{}\" is not a hash in base64", text.substr(0, 60)));
  }
  Hash hash;
  std::memcpy(hash.data(), raw->data(), hash.size());
  return hash;
}

std::string format_checkpoint(const Checkpoint& checkpoint) {
  auto text = fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.size,
                          to_base64(view(checkpoint.root)));
  if (checkpoint.closed) text.append(kClosed).append("\n");
  return text;
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
  const auto origin = take_line(text);
  const auto size = origin ? take_line(text) : std::nullopt;
  const auto root = size ? take_line(text) : std::nullopt;
  if (!root || origin->empty()) return malformed("a checkpoint has an origin, a size and a root");
  Checkpoint checkpoint;
  checkpoint.origin = *origin;
  SLUICE_ASSIGN(checkpoint.size, parse_size(*size));
  SLUICE_ASSIGN(checkpoint.root, parse_hash(*root));
  for (auto line = take_line(text); line; line = take_line(text))
    checkpoint.closed = checkpoint.closed || *line == kClosed;
  return checkpoint;
}

std::string format_proof(const InclusionProof& proof) {
  std::string text(kProofHeader);
  text += '\n';
  if (!proof.extra.empty()) text += "extra " + to_base64(proof.extra) + "\n";
  text += fmt::format("index {}\n", proof.index);
  for (const Hash& hash : proof.hashes) text += to_base64(view(hash)) + "\n";
  return text + "\n" + proof.checkpoint;
}

Result<InclusionProof> parse_proof(std::string_view text) {
  if (take_line(text) != kProofHeader) {
    return malformed(fmt::format("not a proof: it does not begin with {}", kProofHeader));
  }
  InclusionProof proof;
  auto line = take_line(text);
  if (line && line->starts_with("extra ")) {
    auto extra = from_base64(line->substr(6));
    if (!extra) return malformed("the proof's extra line is not base64");
    proof.extra = std::move(*extra);
    line = take_line(text);
  }
  if (!line || !line->starts_with("index ")) return malformed("the proof has no index");
  SLUICE_ASSIGN(proof.index, parse_size(line->substr(6)));
  for (line = take_line(text); line && !line->empty(); line = take_line(text)) {
    if (proof.hashes.size() == kMaxProof) return malformed("the proof is too long");
    SLUICE_ASSIGN(const auto hash, parse_hash(*line));
    proof.hashes.push_back(hash);
  }
  if (!line) return malformed("the proof ends before its checkpoint");
  proof.checkpoint = text;
  return proof;
}

}  // namespace sluice::tlog
