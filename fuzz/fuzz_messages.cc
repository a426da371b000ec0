// Bodies of messages from clients and servers.
#include "input.h"
#include "wire/postgres/backend.h"
#include "wire/postgres/encode.h"
#include "wire/postgres/messages.h"

using namespace sluice::wire::postgres;

FUZZ(bytes) {
  (void)decode_query(bytes);
  (void)decode_parse(bytes);
  (void)decode_execute(bytes);
  (void)decode_describe_or_close(bytes);
  (void)decode_sasl_initial_response(bytes);
  if (const auto prefix = decode_bind_prefix(bytes)) {
    require(prefix->parameters_offset <= bytes.size());
    if (const auto parameters = bind_parameters(bytes, prefix->parameters_offset)) {
      require(parameters->size() <= bytes.size());
    }
  }
  (void)decode_parameter_status(bytes);
  (void)decode_backend_key_data(bytes);
  (void)decode_ready_for_query(bytes);
  (void)decode_authentication(bytes);
  if (const auto complete = decode_command_complete(bytes))
    require(complete->command.size() <= complete->tag.size());
  const auto fields = ErrorFields::decode(bytes);
  std::string out;
  encode_error_response(out, fields);
  require(out.size() >= 6);
}
