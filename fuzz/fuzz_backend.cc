// Bodies of messages from servers.
#include <string>

#include "input.h"
#include "wire/postgres/backend.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/framer.h"
#include "wire/postgres/row_description.h"

using namespace sluice::wire::postgres;

FUZZ(bytes) {
  if (const auto status = decode_parameter_status(bytes)) {
    std::string out;
    encode_parameter_status(out, status->name, status->value);
    require(out.substr(kHeaderSize) == bytes);
  }
  if (const auto key = decode_backend_key_data(bytes)) {
    require(key->secret.size() >= 4 && key->secret.size() <= 256);
  }
  if (const auto status = decode_ready_for_query(bytes)) {
    require(*status == 'I' || *status == 'T' || *status == 'E');
  }
  if (const auto complete = decode_command_complete(bytes)) {
    require(complete->tag.starts_with(complete->command));
    require(!complete->rows || complete->command.size() < complete->tag.size());
  }
  if (const auto request = decode_authentication(bytes)) {
    require(request->mechanisms.empty() || request->code == AuthCode::kSasl);
  }
  if (const auto columns = decode_row_description(bytes)) {
    size_t size = 2;
    for (const auto& column : *columns) size += column.name.size() + 19;
    require(size == bytes.size());
  }
  if (const auto copy = decode_copy_response(bytes)) {
    require(bytes.size() == 3 + size_t{2} * copy->columns);
  }
  const auto fields = ErrorFields::decode(bytes);
  std::string out;
  encode_error_response(out, fields);
  require(ErrorFields::decode(std::string_view(out).substr(kHeaderSize)).all() == fields.all());
}
