#include "wire/postgres/messages.h"

#include "wire/postgres/reader.h"

namespace sluice::wire::postgres {
namespace {

tl::unexpected<Error> bad(std::string_view message) {
  return fail(ErrorCode::kProtocol, "malformed " + std::string(message) + " message");
}

}  // namespace

Result<QueryMessage> decode_query(Bytes body) {
  Reader reader(body);
  const auto text = reader.string();
  if (!text || !reader.done()) return bad("Query");
  return QueryMessage{*text};
}

Result<ParseMessage> decode_parse(Bytes body) {
  Reader reader(body);
  const auto name = reader.string();
  if (!name) return bad("Parse");
  const auto text = reader.string();
  if (!text) return bad("Parse");
  const auto types = reader.u16();
  if (!types || reader.rest().size() != size_t{*types} * 4) return bad("Parse");
  return ParseMessage{*name, *text, reader.rest()};
}

Result<BindPrefix> decode_bind_prefix(Bytes body) {
  Reader reader(body);
  const auto portal = reader.string();
  if (!portal) return bad("Bind");
  const auto statement = reader.string();
  if (!statement) return bad("Bind");
  return BindPrefix{*portal, *statement, body.size() - reader.rest().size()};
}

Result<Bytes> bind_parameters(Bytes body, size_t offset) {
  if (offset > body.size()) return bad("Bind");
  Reader reader(body.substr(offset));
  const auto formats = reader.u16();
  if (!formats || !reader.skip(size_t{*formats} * 2)) return bad("Bind");
  const auto values = reader.u16();
  if (!values) return bad("Bind");
  for (unsigned i = 0; i < *values; ++i) {
    const auto length = reader.u32();
    if (!length) return bad("Bind");
    if (*length == 0xFFFFFFFF) continue;  // NULL
    if (!reader.skip(*length)) return bad("Bind");
  }
  return body.substr(offset, body.size() - offset - reader.rest().size());
}

Result<ExecuteMessage> decode_execute(Bytes body) {
  Reader reader(body);
  const auto portal = reader.string();
  if (!portal) return bad("Execute");
  const auto max_rows = reader.u32();
  if (!max_rows || !reader.done()) return bad("Execute");
  return ExecuteMessage{*portal, *max_rows};
}

Result<NamedObject> decode_describe_or_close(Bytes body) {
  Reader reader(body);
  const auto kind = reader.u8();
  if (!kind || (*kind != 'S' && *kind != 'P')) return bad("Describe or Close");
  const auto name = reader.string();
  if (!name || !reader.done()) return bad("Describe or Close");
  return NamedObject{static_cast<char>(*kind), *name};
}

Result<SaslInitialResponse> decode_sasl_initial_response(Bytes body) {
  Reader reader(body);
  const auto mechanism = reader.string();
  if (!mechanism) return bad("SASLInitialResponse");
  const auto length = reader.u32();
  if (!length) return bad("SASLInitialResponse");
  if (*length == 0xFFFFFFFF && reader.done()) return SaslInitialResponse{*mechanism, {}};
  if (*length != reader.rest().size()) return bad("SASLInitialResponse");
  return SaslInitialResponse{*mechanism, reader.rest()};
}

}  // namespace sluice::wire::postgres
