#include "wire/postgres/encode.h"

namespace sluice::wire::postgres {
namespace {

/// Writes the header of a message and, when it goes, the length.
class Message {
 public:
  Message(std::string& out, char type) : out_(out), start_(out.size()) {
    out_.push_back(type);
    append_be32(out_, 0);
  }
  ~Message() {
    store_be32(out_.data() + start_ + 1, static_cast<uint32_t>(out_.size() - start_ - 1));
  }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  Message& u16(uint16_t value) {
    append_be16(out_, value);
    return *this;
  }
  Message& u32(uint32_t value) {
    append_be32(out_, value);
    return *this;
  }
  Message& byte(char value) {
    out_.push_back(value);
    return *this;
  }
  Message& bytes(Bytes value) {
    out_.append(value);
    return *this;
  }
  Message& string(std::string_view value) {
    out_.append(value).push_back('\0');
    return *this;
  }

 private:
  std::string& out_;
  size_t start_;
};

void encode_fields(std::string& out, char type, const ErrorFields& fields) {
  Message message(out, type);
  for (const auto& [code, value] : fields.all()) {
    // A NUL inside a value would end the field and shift all that follows.
    message.byte(code).string(value.substr(0, value.find('\0')));
  }
  message.byte('\0');
}

}  // namespace

void encode_authentication_ok(std::string& out) { Message(out, kAuthentication).u32(0); }

void encode_authentication_sasl(std::string& out, const std::vector<std::string_view>& mechanisms) {
  Message message(out, kAuthentication);
  message.u32(static_cast<uint32_t>(AuthCode::kSasl));
  for (const auto mechanism : mechanisms) message.string(mechanism);
  message.byte('\0');
}

void encode_authentication_sasl_continue(std::string& out, Bytes data) {
  Message(out, kAuthentication).u32(static_cast<uint32_t>(AuthCode::kSaslContinue)).bytes(data);
}

void encode_authentication_sasl_final(std::string& out, Bytes data) {
  Message(out, kAuthentication).u32(static_cast<uint32_t>(AuthCode::kSaslFinal)).bytes(data);
}

void encode_parameter_status(std::string& out, std::string_view name, std::string_view value) {
  Message(out, kParameterStatus).string(name).string(value);
}

void encode_backend_key_data(std::string& out, uint32_t process_id, Bytes secret) {
  Message(out, kBackendKeyData).u32(process_id).bytes(secret);
}

void encode_ready_for_query(std::string& out, char transaction_status) {
  Message(out, kReadyForQuery).byte(transaction_status);
}

void encode_error_response(std::string& out, const ErrorFields& fields) {
  encode_fields(out, kErrorResponse, fields);
}

void encode_notice_response(std::string& out, const ErrorFields& fields) {
  encode_fields(out, kNoticeResponse, fields);
}

void encode_notification(std::string& out, uint32_t pid, std::string_view channel,
                         std::string_view payload) {
  Message(out, kNotificationResponse).u32(pid).string(channel).string(payload);
}

void encode_empty_query_response(std::string& out) { Message(out, kEmptyQueryResponse); }

void encode_negotiate_protocol_version(std::string& out, uint32_t newest_minor,
                                       const std::vector<std::string>& unknown_options) {
  Message message(out, kNegotiateProtocolVersion);
  // The server sends the whole version number (3.2 is 196610), see PostgreSQL's SendNegotiate-
  // ProtocolVersion; the documentation calls it the minor version.
  message.u32(kProtocolMajor << 16 | newest_minor);
  message.u32(static_cast<uint32_t>(unknown_options.size()));
  for (const auto& option : unknown_options) message.string(option);
}

void encode_query(std::string& out, std::string_view text) { Message(out, kQuery).string(text); }

void encode_parse(std::string& out, std::string_view name, std::string_view text) {
  Message(out, kParse).string(name).string(text).u16(0);
}

void encode_bind(std::string& out, std::string_view portal, std::string_view statement,
                 const std::vector<std::optional<std::string>>& values) {
  Message message(out, kBind);
  message.string(portal).string(statement).u16(0).u16(static_cast<uint16_t>(values.size()));
  for (const auto& value : values) {
    if (value) {
      message.u32(static_cast<uint32_t>(value->size())).bytes(*value);
    } else {
      message.u32(0xFFFFFFFF);  // NULL
    }
  }
  message.u16(0);
}

void encode_parse(std::string& out, std::string_view name, std::string_view text, Bytes types) {
  Message(out, kParse)
      .string(name)
      .string(text)
      .u16(static_cast<uint16_t>(types.size() / 4))
      .bytes(types);
}

void encode_bound(std::string& out, std::string_view portal, std::string_view statement,
                  Bytes parameters) {
  Message(out, kBind).string(portal).string(statement).bytes(parameters).u16(0);
}

void encode_describe(std::string& out, char kind, std::string_view name) {
  Message(out, kDescribe).byte(kind).string(name);
}

void encode_close(std::string& out, char kind, std::string_view name) {
  Message(out, kClose).byte(kind).string(name);
}

void encode_execute(std::string& out, std::string_view portal, uint32_t max_rows) {
  Message(out, kExecute).string(portal).u32(max_rows);
}

void encode_flush(std::string& out) { Message(out, kFlush); }

void encode_sync(std::string& out) { Message(out, kSync); }

void encode_copy_fail(std::string& out, std::string_view reason) {
  Message(out, kCopyFail).string(reason);
}

void encode_password_message(std::string& out, std::string_view password) {
  Message(out, kPasswordMessage).string(password);
}

void encode_sasl_initial_response(std::string& out, std::string_view mechanism, Bytes data) {
  Message(out, kPasswordMessage)
      .string(mechanism)
      .u32(static_cast<uint32_t>(data.size()))
      .bytes(data);
}

void encode_sasl_response(std::string& out, Bytes data) {
  Message(out, kPasswordMessage).bytes(data);
}

void encode_terminate(std::string& out) { Message(out, kTerminate); }

}  // namespace sluice::wire::postgres
