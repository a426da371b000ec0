#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/postgres/protocol.h"

namespace sluice::wire::postgres {

// Decoders for the bodies (without header) of backend messages.

struct ParameterStatus {
  Bytes name, value;
};
Result<ParameterStatus> decode_parameter_status(Bytes body);

struct BackendKeyData {
  uint32_t pid = 0;
  std::string secret;  ///< 4 bytes in protocol 3.0, up to 256 in 3.2
};
Result<BackendKeyData> decode_backend_key_data(Bytes body);

/// Transaction status: 'I' idle, 'T' in a transaction, 'E' in a failed one.
Result<char> decode_ready_for_query(Bytes body);

struct Notification {
  uint32_t pid = 0;
  Bytes channel, payload;
};
Result<Notification> decode_notification(Bytes body);

struct CommandComplete {
  Bytes tag;                     ///< "SELECT 5", "CREATE TABLE"
  Bytes command;                 ///< the tag without its numbers
  std::optional<uint64_t> rows;  ///< of tags that carry a count
};
Result<CommandComplete> decode_command_complete(Bytes body);

/// The values of a DataRow, nullopt for NULL.
Result<std::vector<std::optional<Bytes>>> decode_data_row(Bytes body);

/// Fields of an ErrorResponse or NoticeResponse by their one-letter codes.
class ErrorFields {
 public:
  /// Reads what is there; a body that breaks off or repeats (the last one counts) is no error,
  /// since it is an error's messenger: what could be read stays. Values may be of any length and
  /// encoding.
  static ErrorFields decode(Bytes body);

  /// Adds or replaces; a field of code 0 does not exist and is left out.
  void set(char code, std::string_view value);
  /// Both the localised and the non-localised severity.
  void set_severity(std::string_view severity);
  /// The value, or empty.
  std::string_view get(char code) const;
  std::string_view sqlstate() const { return get(kFieldSqlstate); }
  std::string_view message() const { return get(kFieldMessage); }
  const std::vector<std::pair<char, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<char, std::string>> fields_;
};

struct AuthenticationRequest {
  AuthCode code = AuthCode::kOk;  ///< may be none of the enumerators
  Bytes data;                     ///< salt, or SASL data
  std::vector<Bytes> mechanisms;  ///< of kSasl
};
Result<AuthenticationRequest> decode_authentication(Bytes body);

}  // namespace sluice::wire::postgres
