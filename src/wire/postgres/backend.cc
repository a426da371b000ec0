#include "wire/postgres/backend.h"

#include <algorithm>
#include <charconv>

#include "wire/postgres/reader.h"

namespace sluice::wire::postgres {
namespace {

tl::unexpected<Error> bad(std::string_view message) {
  return fail(ErrorCode::kProtocol, "malformed " + std::string(message) + " message");
}

/// The protocol knows 18 fields. More than this is not read, so that a megabyte of tiny fields
/// costs no more than a megabyte of text.
constexpr size_t kMaxErrorFields = 64;
constexpr size_t kMaxMechanisms = 32;

/// Names up to an empty one, behind which nothing stands.
Result<std::vector<Bytes>> decode_mechanisms(Reader reader) {
  std::vector<Bytes> mechanisms;
  for (;;) {
    const auto mechanism = reader.string();
    if (!mechanism || mechanisms.size() > kMaxMechanisms) return bad("AuthenticationSASL");
    if (mechanism->empty()) break;
    mechanisms.push_back(*mechanism);
  }
  if (!reader.done()) return bad("AuthenticationSASL");
  return mechanisms;
}

}  // namespace

Result<ParameterStatus> decode_parameter_status(Bytes body) {
  Reader reader(body);
  const auto name = reader.string();
  if (!name) return bad("ParameterStatus");
  const auto value = reader.string();
  if (!value || !reader.done()) return bad("ParameterStatus");
  return ParameterStatus{*name, *value};
}

Result<BackendKeyData> decode_backend_key_data(Bytes body) {
  Reader reader(body);
  const auto pid = reader.u32();
  const size_t secret = reader.rest().size();
  if (!pid || secret < 4 || secret > 256) return bad("BackendKeyData");
  return BackendKeyData{*pid, std::string(reader.rest())};
}

Result<std::vector<std::optional<Bytes>>> decode_data_row(Bytes body) {
  Reader reader(body);
  const auto count = reader.u16();
  // Every value takes at least its length, so a count that lies cannot make us reserve much.
  if (!count || reader.rest().size() < size_t{*count} * 4) return bad("DataRow");
  std::vector<std::optional<Bytes>> values;
  values.reserve(*count);
  for (uint16_t i = 0; i < *count; ++i) {
    const auto length = reader.u32();
    if (!length) return bad("DataRow");
    if (*length == 0xFFFFFFFF) {
      values.emplace_back();
      continue;
    }
    const Bytes rest = reader.rest();
    if (!reader.skip(*length)) return bad("DataRow");
    values.emplace_back(rest.substr(0, *length));
  }
  if (!reader.done()) return bad("DataRow");
  return values;
}

Result<char> decode_ready_for_query(Bytes body) {
  if (body.size() != 1 || (body[0] != 'I' && body[0] != 'T' && body[0] != 'E')) {
    return bad("ReadyForQuery");
  }
  return body[0];
}

Result<Notification> decode_notification(Bytes body) {
  Reader reader(body);
  const auto pid = reader.u32();
  const auto channel = reader.string();
  const auto payload = reader.string();
  if (!pid || !channel || !payload || !reader.done()) return bad("NotificationResponse");
  return Notification{*pid, *channel, *payload};
}

Result<CommandComplete> decode_command_complete(Bytes body) {
  Reader reader(body);
  const auto tag = reader.string();
  if (!tag || !reader.done()) return bad("CommandComplete");
  CommandComplete complete{*tag, *tag, std::nullopt};
  const size_t digits = tag->find_last_not_of("0123456789");
  if (digits != Bytes::npos && digits + 1 < tag->size() && (*tag)[digits] == ' ') {
    uint64_t rows = 0;
    const char* end = tag->data() + tag->size();
    if (std::from_chars(tag->data() + digits + 1, end, rows).ec == std::errc())
      complete.rows = rows;
    // "INSERT 0 3": the first number is an OID of old.
    const size_t last = tag->find_last_not_of("0123456789 ");
    complete.command = tag->substr(0, last == Bytes::npos ? 0 : last + 1);
  }
  return complete;
}

ErrorFields ErrorFields::decode(Bytes body) {
  ErrorFields fields;
  Reader reader(body);
  for (size_t i = 0; i < kMaxErrorFields; ++i) {
    const auto code = reader.u8();
    if (!code || *code == 0) break;
    const auto value = reader.string();
    fields.set(static_cast<char>(*code), value ? *value : reader.rest());
    if (!value) break;
  }
  return fields;
}

void ErrorFields::set(char code, std::string_view value) {
  if (code == '\0') return;  // It would end the message.
  for (auto& [known, old] : fields_) {
    if (known == code) {
      old = value;
      return;
    }
  }
  fields_.emplace_back(code, value);
}

void ErrorFields::set_severity(std::string_view severity) {
  set(kFieldSeverity, severity);
  set(kFieldSeverityNonLocalized, severity);
}

std::string_view ErrorFields::get(char code) const {
  const auto it =
      std::find_if(fields_.begin(), fields_.end(), [&](const auto& f) { return f.first == code; });
  return it == fields_.end() ? std::string_view() : it->second;
}

Result<AuthenticationRequest> decode_authentication(Bytes body) {
  Reader reader(body);
  const auto code = reader.u32();
  if (!code) return bad("Authentication");
  AuthenticationRequest request;
  request.code = static_cast<AuthCode>(*code);
  request.data = reader.rest();
  switch (request.code) {
    case AuthCode::kOk:
    case AuthCode::kCleartextPassword:
      if (!request.data.empty()) return bad("Authentication");
      return request;
    case AuthCode::kMd5Password:
      if (request.data.size() != 4) return bad("AuthenticationMD5Password");
      return request;
    case AuthCode::kSasl: {
      SLUICE_ASSIGN(request.mechanisms, decode_mechanisms(reader));
      return request;
    }
    default:
      return request;
  }
}

}  // namespace sluice::wire::postgres
