#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/distinct_count.h"
#include "mask/folded.h"

namespace sluice::mask {

// Which sensitive values have been seen in a result, told by keyed digests, so that it can be asked
// later who received one, and nobody who has the record alone can find out which they were.

/// Of SipHash; the same for all of an installation.
using SightingKey = std::array<unsigned char, 16>;
SightingKey sighting_key(std::string_view installation_secret);

/// Of a value however it is written: case, spaces, punctuation and a leading 00 or + of a telephone
/// number make no difference, nor does the format of a card number or IBAN. Nothing where no letter
/// or digit tells it from others.
std::optional<uint64_t> sighting(const SightingKey& key, Bytes value);

/// Gathers the digests of one result. Bounded: once `full`, what is there is to be taken.
class Sightings {
 public:
  explicit Sightings(const SightingKey& key) : key_(key) {}

  /// A value that is shown masked, or as it is. Here, since every value comes by.
  void note(Bytes value, bool masked) {
    if (value.size() > ShortValues::kLongest) return note_slowly(value, masked);
    waiting_masked_[waiting_.size()] = masked;
    waiting_.add(value);
    if (waiting_.full()) hash_waiting();
  }
  bool full() const { return sets_[0].digests.size() + sets_[1].digests.size() >= kMost; }
  /// Digests of what is shown as it is, some more than once: those that come are appended, until
  /// they are taken.
  const std::vector<uint64_t>& digests_shown();
  /// Sorted, each once; none are left.
  std::vector<uint64_t> take(bool masked);
  /// What was taken was not all of the result: `shown` counts it too.
  void remember(const std::vector<uint64_t>& taken);
  /// How many different ones the whole result showed, whose last were taken; more than 65,536 may
  /// be an estimate. 0 where they are all there was.
  uint64_t shown(const std::vector<uint64_t>& last);

 private:
  static constexpr size_t kMost = 1 << 18;
  static constexpr size_t kCounted = 1 << 16;
  /// Names come again and again.
  static constexpr size_t kRecent = 256;
  struct Set {
    std::vector<uint64_t> digests;
    std::array<uint64_t, kRecent> recent{};
  };

  void note_slowly(Bytes value, bool masked);
  void hash_waiting();
  void add(uint64_t digest, bool masked);

  SightingKey key_;
  std::array<Set, 2> sets_;
  ShortValues waiting_;
  std::array<bool, ShortValues::kMost> waiting_masked_{};
  FoldedValues folded_;  ///< of no meaning but while they are hashed
  std::optional<DistinctCount> before_;
  std::string buffer_;
};

}  // namespace sluice::mask
