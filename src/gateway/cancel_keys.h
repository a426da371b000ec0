#pragma once

#include <string>
#include <unordered_map>

#include "base/hash.h"
#include "base/random.h"
#include "base/secret.h"

namespace sluice::gateway {

class Session;

/// What a client is given in BackendKeyData and has to show to cancel: 4 bytes in the place of the
/// process id and a secret of 4 bytes (protocol 3.0) or 32 (3.2), all of them random.
inline std::string make_cancel_key(uint32_t protocol_minor) {
  return random_string(4 + (protocol_minor >= 2 ? 32 : 4));
}

/// Hashes under a key of this process: how long a look-up takes says nothing about the bytes of
/// the keys that are there.
struct CancelKeyHash {
  size_t operator()(const std::string& key) const { return keyed_hash(key); }
};
struct CancelKeyEqual {
  bool operator()(const std::string& a, const std::string& b) const {
    return equal_constant_time(a, b);
  }
};

/// The sessions of one worker by their cancel keys.
using CancelKeys = std::unordered_map<std::string, Session*, CancelKeyHash, CancelKeyEqual>;

}  // namespace sluice::gateway
