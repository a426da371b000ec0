#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace sluice::wire::postgres {

/// Bytes of a message before its body: type byte and Int32 length (PostgreSQL protocol, "Message
/// Formats"). The length counts itself but not the type.
inline constexpr size_t kHeaderSize = 5;
/// PostgreSQL's own limit (MaxAllocSize): no message is longer.
inline constexpr uint32_t kMaxMessageLength = 0x3FFFFFFF;

/// Cuts one direction of a connection (after start-up) into messages without copying what only
/// passes through. Pure: bytes in, pieces out.
///
/// A message whose type is "gathered" is delivered whole in one piece (copied together when it
/// arrived in parts, never beyond `gather_limit`); any other comes in as many pieces as it arrived
/// in. Header bytes are always together in the first piece.
class Framer {
 public:
  /// Says for each message type what to do with it.
  enum class Handling : uint8_t {
    kRefuse,  ///< unknown or not allowed from this side: kBad
    kStream,  ///< deliver as it arrives
    kGather,  ///< deliver whole; longer than the limit: deliver as it arrives (piece.whole false)
  };
  struct Rules {
    Handling by_type[256] = {};
    uint32_t gather_limit = 0;  ///< longest message (with header) that is gathered
  };

  enum class Status : uint8_t { kPiece, kNeedMore, kBad };
  struct Piece {
    char type = 0;
    bool first = false;     ///< `bytes` starts with the header
    bool last = false;      ///< the message ends with these bytes
    bool in_place = false;  ///< `bytes` points into the input, else into the framer (until `next`)
    uint32_t length = 0;    ///< of the whole message with header
    Bytes bytes;
    bool whole() const { return first && last; }
    Bytes body() const { return bytes.substr(first ? kHeaderSize : 0); }
  };

  /// `rules` must outlive the framer.
  explicit Framer(const Rules& rules) : rules_(&rules) {}

  /// Other rules from the next message on; they must outlive the framer.
  void use(const Rules& rules) { rules_ = &rules; }

  /// Takes the next piece off the front of `input`. kNeedMore: `input` is used up (what was left of
  /// it is kept). kBad: not PostgreSQL's protocol (`problem()`); the connection cannot go on.
  Status next(Bytes& input, Piece& piece);

  /// Skips the whole DataRow messages at the front of `input` and returns how many there were: the
  /// short way for long results. Stops at anything else, at a message that has not arrived whole,
  /// and at a row that has not `columns` columns (-1: any number), which `next` then delivers.
  uint32_t skip_data_rows(Bytes& input, int16_t columns) const;
  /// The same for CopyData.
  uint32_t skip_copy_data(Bytes& input) const;

  const char* problem() const { return problem_; }
  /// Between messages: no part of one has been taken in.
  /// In the middle of a message of which parts have been delivered.
  bool streaming() const { return remaining_ > 0; }
  bool at_boundary() const { return remaining_ == 0 && (partial_.empty() || delivered_); }
  /// Memory held for a partly received message.
  size_t held() const { return partial_.capacity(); }

 private:
  Status next_streamed(Bytes& input, Piece& piece);
  Status next_partial(Bytes& input, Piece& piece);
  Status bad(const char* why);
  bool check_header(const char* header, uint32_t& total);

  const Rules* rules_;
  uint32_t remaining_ = 0;  ///< of a streamed message
  uint32_t length_ = 0;
  char type_ = 0;
  bool delivered_ = false;  ///< `partial_` was handed out and is to be dropped
  std::string partial_;     ///< header or gathered message that has not arrived whole
  const char* problem_ = "";
};

}  // namespace sluice::wire::postgres
