#include "stream/witness_exchange.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace sluice::stream {
namespace {

using Kind = WitnessStep::Kind;

/// More are in vain: somebody else uses this log's name at the witness.
constexpr int kMostTries = 3;

/// What to do about each refusal.
constexpr const char* kLook =
    "keep state folder and cosigned checkpoint as evidence, and run `sluice audit verify "
    "--checkpoint` with the cosigned one";

std::string shown(const std::string& body) {
  constexpr size_t kShown = 200;
  std::string text = to_printable_utf8(utf8_prefix(body, kShown));
  while (text.ends_with('\n')) text.pop_back();
  return text.empty() ? "" : ": " + text;
}

}  // namespace

WitnessExchange::WitnessExchange(const SignedCheckpoint& checkpoint, const tlog::VerifierKey& key,
                                 uint64_t known_size)
    : checkpoint_(checkpoint),
      key_(key),
      // More than there is: the witness will say what it knows.
      old_size_(known_size > checkpoint.head.size ? 0 : known_size) {}

WitnessStep WitnessExchange::take(int status, const std::string& body) {
  ++tries_;
  switch (status) {
    case 200:
      return cosigned(body);
    case 409:
      return conflict(body);
    case 422:
      return {Kind::kRefused,
              fmt::format("FORK: the log of {} records does not go on from the {} that the witness "
                          "has cosigned{}; {}",
                          checkpoint_.head.size, old_size_, shown(body), kLook)};
    case 403:
      return {
          Kind::kFailed,
          "the witness does not know the key of this log: add what `sluice audit key` prints to "
          "its audit.witness.logs" +
              shown(body)};
    case 404:
      return {Kind::kFailed,
              fmt::format("the witness does not know {}, or the url is wrong (without "
                          "/add-checkpoint): check url, and its audit.witness.logs{}",
                          checkpoint_.head.origin, shown(body))};
    default:
      return {Kind::kFailed, fmt::format("the witness answered {}{}", status, shown(body))};
  }
}

WitnessStep WitnessExchange::cosigned(const std::string& body) const {
  const auto lines = tlog::parse_signatures(body);
  if (!lines) {
    return {Kind::kFailed, "the witness answered 200 without a cosignature: " + lines.error().text};
  }
  auto note = tlog::parse_note(checkpoint_.note);
  if (!note) return {Kind::kFailed, note.error().text};
  for (const auto& line : *lines) {
    if (line.name == key_.name && line.id == key_.id()) note->signatures.push_back(line);
  }
  switch (tlog::verify(*note, key_)) {
    case tlog::Verdict::kValid:
      return {Kind::kCosigned, tlog::format_note(*note)};
    case tlog::Verdict::kInvalid:
      return {Kind::kFailed, "the witness's cosignature is not valid: check who answers at url"};
    case tlog::Verdict::kAbsent:
      break;
  }
  return {Kind::kFailed,
          fmt::format("the answer has no cosignature of {}: check key against `sluice audit key "
                      "--witness` of the witness",
                      key_.name)};
}

WitnessStep WitnessExchange::conflict(const std::string& body) {
  std::string_view rest = body;
  const auto line = tlog::take_line(rest);
  const auto size = tlog::parse_size(line ? *line : std::string_view(body));
  if (!size) {
    return {Kind::kFailed, "the witness answered 409 without saying what it knows" + shown(body)};
  }
  const auto& head = checkpoint_.head;
  if (*size > head.size) {
    return {Kind::kRefused,
            fmt::format("FORK: the witness has cosigned {} records, this log has {}: an old copy "
                        "was brought back, or its end was cut; {}",
                        *size, head.size, kLook)};
  }
  if (*size == old_size_ && *size == head.size) {
    return {Kind::kRefused,
            fmt::format("FORK: the witness has cosigned another history of {} records; {}", *size,
                        kLook)};
  }
  if (tries_ >= kMostTries || *size == old_size_) {
    return {Kind::kFailed,
            fmt::format("the witness goes on saying that it knows {} records: does another "
                        "gateway use the same log?",
                        *size)};
  }
  old_size_ = *size;
  return {Kind::kAgain, {}};
}

}  // namespace sluice::stream
