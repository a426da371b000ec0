#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::wire::postgres {

struct SslRequest {};
struct GssEncRequest {};
struct CancelRequest {
  std::string key;  ///< process id (4 bytes) and secret (4 to 256 bytes), as in BackendKeyData
};
struct StartupMessage {
  uint32_t major = 0;
  uint32_t minor = 0;
  std::vector<std::pair<std::string, std::string>> parameters;  ///< in order, `_pq_.*` left out
  std::vector<std::string> protocol_options;                    ///< names of `_pq_.*` parameters

  /// The value of `name`, or empty.
  std::string_view find(std::string_view name) const;
};
using StartupPacket = std::variant<SslRequest, GssEncRequest, CancelRequest, StartupMessage>;

/// The length of a start-up packet from its first four bytes; an error if it is not one.
Result<uint32_t> startup_packet_length(Bytes first_four);

/// Decodes a whole start-up packet with its length word. As strict as PostgreSQL's
/// ProcessStartupPacket, and stricter in that no parameter may be given twice.
Result<StartupPacket> decode_startup_packet(Bytes packet);

/// What the gateway sends as a client.
void encode_startup_message(std::string& out,
                            const std::vector<std::pair<std::string, std::string>>& parameters);
void encode_ssl_request(std::string& out);
void encode_cancel_request(std::string& out, uint32_t process_id, Bytes secret);

}  // namespace sluice::wire::postgres
