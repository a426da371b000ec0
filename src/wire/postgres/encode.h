#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "wire/postgres/backend.h"

namespace sluice::wire::postgres {

// Encoders append one whole message to `out`. Strings must not contain NUL; in the fields of an
// error it cuts the value off.

// What the gateway says to a client.
void encode_authentication_ok(std::string& out);
void encode_authentication_sasl(std::string& out, const std::vector<std::string_view>& mechanisms);
void encode_authentication_sasl_continue(std::string& out, Bytes data);
void encode_authentication_sasl_final(std::string& out, Bytes data);
void encode_parameter_status(std::string& out, std::string_view name, std::string_view value);
void encode_backend_key_data(std::string& out, uint32_t process_id, Bytes secret);
void encode_ready_for_query(std::string& out, char transaction_status);
void encode_error_response(std::string& out, const ErrorFields& fields);
void encode_notice_response(std::string& out, const ErrorFields& fields);
void encode_notification(std::string& out, uint32_t pid, std::string_view channel,
                         std::string_view payload);
void encode_empty_query_response(std::string& out);
/// `newest_minor`: of the version that will be spoken; `unknown_options`: the `_pq_.*` names that
/// have no effect.
void encode_negotiate_protocol_version(std::string& out, uint32_t newest_minor,
                                       const std::vector<std::string>& unknown_options);

// What the gateway says to a server.
void encode_query(std::string& out, std::string_view text);
void encode_parse(std::string& out, std::string_view name, std::string_view text);
/// Parameters and results in text format; nullopt is NULL.
void encode_bind(std::string& out, std::string_view portal, std::string_view statement,
                 const std::vector<std::optional<std::string>>& values);
/// `types`: OIDs of the first parameters, four bytes each.
void encode_parse(std::string& out, std::string_view name, std::string_view text, Bytes types);
/// `parameters` as bind_parameters cuts them out of a Bind; results in text format.
void encode_bound(std::string& out, std::string_view portal, std::string_view statement,
                  Bytes parameters);
/// `kind`: 'S' statement or 'P' portal.
void encode_describe(std::string& out, char kind, std::string_view name);
void encode_close(std::string& out, char kind, std::string_view name);
/// `max_rows` 0: all of them.
void encode_execute(std::string& out, std::string_view portal, uint32_t max_rows = 0);
void encode_flush(std::string& out);
void encode_sync(std::string& out);
void encode_copy_fail(std::string& out, std::string_view reason);
void encode_password_message(std::string& out, std::string_view password);
void encode_sasl_initial_response(std::string& out, std::string_view mechanism, Bytes data);
void encode_sasl_response(std::string& out, Bytes data);
void encode_terminate(std::string& out);

}  // namespace sluice::wire::postgres
