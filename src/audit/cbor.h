#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace sluice::audit {

/// Writes the part of CBOR (RFC 8949) that records use.
class CborWriter {
 public:
  explicit CborWriter(std::string& out) : out_(out) {}

  void unsigned_integer(uint64_t value) { head(0, value); }
  void bytes(Bytes value) { string(2, value); }
  void text(Bytes value) { string(3, value); }
  void array(size_t count) { head(4, count); }
  /// A map whose number of entries is not known yet; closed by `end`.
  void begin_map() { out_.push_back('\xBF'); }
  void end() { out_.push_back('\xFF'); }

 private:
  void head(uint8_t major, uint64_t value);
  void string(uint8_t major, Bytes value) {
    head(major, value.size());
    out_.append(value);
  }
  std::string& out_;
};

/// Reads what CborWriter writes, from bytes that may be anything. Every read is bounded by the
/// input, and says whether there was what was asked for.
class CborReader {
 public:
  explicit CborReader(Bytes in) : in_(in) {}

  std::optional<uint64_t> unsigned_integer() { return head(0); }
  std::optional<Bytes> bytes() { return string(2); }
  std::optional<Bytes> text() { return string(3); }
  /// Never more than there are bytes left.
  std::optional<uint64_t> array();
  bool begin_map() { return byte(0xBF); }
  bool end() { return byte(0xFF); }
  bool done() const { return in_.empty(); }
  /// Bytes not read yet.
  size_t left() const { return in_.size(); }
  /// Skips one value of the kinds above, not nested deeper than an array of them.
  bool skip();

 private:
  bool byte(uint8_t expected);
  std::optional<uint64_t> head(uint8_t major);
  std::optional<Bytes> string(uint8_t major);
  Bytes in_;
};

}  // namespace sluice::audit
