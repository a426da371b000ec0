#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tlog/note.h"

namespace sluice::tlog {

// Dead Simple Signing Envelopes (github.com/secure-systems-lab/dsse, version 1).

/// What is signed of a payload ("PAE").
std::string dsse_bytes(std::string_view type, std::string_view payload);

struct DsseSignature {
  std::string key_id;  ///< a hint: it is the signature that tells
  std::string bytes;
};

struct Envelope {
  std::string type;     ///< of the payload
  std::string payload;  ///< decoded
  std::vector<DsseSignature> signatures;
};

/// More signatures than these are not looked at.
inline constexpr size_t kMostDsseSignatures = 8;

/// Base64 is the standard one, padded.
Result<Envelope> parse_envelope(std::string_view text);
/// One line of JSON, without its end.
std::string format_envelope(const Envelope& envelope);

/// "name+hex id": how signatures name a key of this house.
std::string dsse_key_id(const VerifierKey& key);
/// Whether some signature is by this key.
bool signed_by(const Envelope& envelope, const VerifierKey& key);

}  // namespace sluice::tlog
