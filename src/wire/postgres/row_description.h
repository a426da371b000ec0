#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::wire::postgres {

/// One column of a result (PostgreSQL protocol, "RowDescription").
struct FieldDescription {
  Bytes name;
  uint32_t table = 0;  ///< OID of the table it is a column of as it stands; else 0
  int16_t column = 0;  ///< attribute number in it; else 0
  uint32_t type = 0;   ///< OID
  int16_t type_size = 0;
  int32_t type_modifier = -1;
  uint16_t format = 0;  ///< 0 text, 1 binary; else the server will refuse to send it
};

/// Views into `body`.
Result<std::vector<FieldDescription>> decode_row_description(Bytes body);

/// What CopyOutResponse and its kin say of the data to come.
struct CopyResponse {
  bool binary = false;
  uint16_t columns = 0;
};
Result<CopyResponse> decode_copy_response(Bytes body);

}  // namespace sluice::wire::postgres
