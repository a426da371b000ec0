#pragma once

#include <cstdint>
#include <string>

#include "stream/anchor_target.h"
#include "tlog/note.h"

namespace sluice::stream {

/// What a witness's answer means for the log that asked.
struct WitnessStep {
  enum class Kind : uint8_t {
    kAgain,     ///< ask once more, from `WitnessExchange::old_size`
    kCosigned,  ///< `text` is the checkpoint with its cosignature
    kFailed,    ///< `text` says why; it may work later
    kRefused,   ///< `text` says why: the witness has seen another history of this log
  };
  Kind kind = Kind::kFailed;
  std::string text;
};

/// One checkpoint's way to its cosignature (c2sp.org/tlog-witness), without the network.
class WitnessExchange {
 public:
  /// `known_size` is what the witness is believed to have cosigned last; 0 for nothing.
  WitnessExchange(const SignedCheckpoint& checkpoint, const tlog::VerifierKey& key,
                  uint64_t known_size);

  /// From where the next request proves that nothing was rewritten.
  uint64_t old_size() const { return old_size_; }
  /// What to do after this answer to a request from `old_size`.
  WitnessStep take(int status, const std::string& body);

 private:
  WitnessStep cosigned(const std::string& body) const;
  WitnessStep conflict(const std::string& body);

  const SignedCheckpoint& checkpoint_;
  const tlog::VerifierKey& key_;
  uint64_t old_size_;
  int tries_ = 0;
};

}  // namespace sluice::stream
