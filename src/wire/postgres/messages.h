#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::wire::postgres {

// Decoders for the bodies (without header) of frontend messages. Views point into the body. All
// are as strict as the server: strings end with NUL, and nothing stands behind the last field.

struct QueryMessage {
  Bytes text;
};
Result<QueryMessage> decode_query(Bytes body);

struct ParseMessage {
  Bytes name;
  Bytes text;
  Bytes types;  ///< the oids given for the first parameters, four bytes each
};
Result<ParseMessage> decode_parse(Bytes body);

/// The front of a Bind; may be decoded from a body of which only the beginning is there, as long as
/// that holds both names. What follows them is not looked at.
/// The server tells prepared statements and portals apart by this many bytes of their names
/// (NAMEDATALEN - 1), and cuts off the rest.
inline constexpr size_t kLongestName = 63;

struct BindPrefix {
  Bytes portal;
  Bytes statement;
  size_t parameters_offset = 0;  ///< where the parameter format codes begin
};
Result<BindPrefix> decode_bind_prefix(Bytes body);

/// The part of a whole Bind body from the parameter format codes to before the result format
/// codes: Int16 n, n Int16 formats, Int16 m, m values. `offset` is BindPrefix::parameters_offset.
Result<Bytes> bind_parameters(Bytes body, size_t offset);

struct ExecuteMessage {
  Bytes portal;
  uint32_t max_rows = 0;
};
Result<ExecuteMessage> decode_execute(Bytes body);

/// Describe and Close have the same form.
struct NamedObject {
  char kind = 0;  ///< 'S' statement, 'P' portal
  Bytes name;
};
Result<NamedObject> decode_describe_or_close(Bytes body);

struct SaslInitialResponse {
  Bytes mechanism;
  Bytes data;
};
Result<SaslInitialResponse> decode_sasl_initial_response(Bytes body);

}  // namespace sluice::wire::postgres
