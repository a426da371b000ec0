#include "wire/postgres/startup.h"

#include "wire/postgres/protocol.h"
#include "wire/postgres/reader.h"

namespace sluice::wire::postgres {
namespace {

constexpr size_t kMaxParameters = 100;       // of each kind
constexpr size_t kShortestCancelSecret = 4;  // protocol 3.0 has 4 bytes, 3.2 up to 256
constexpr size_t kLongestCancelSecret = 256;

tl::unexpected<Error> bad(std::string text) { return fail(ErrorCode::kProtocol, std::move(text)); }

Result<StartupMessage> decode_parameters(uint32_t version, Reader reader) {
  StartupMessage message;
  message.major = version >> 16;
  message.minor = version & 0xFFFF;
  if (message.major != kProtocolMajor) {
    return bad("unsupported frontend protocol " + std::to_string(message.major) + "." +
               std::to_string(message.minor) + ": the gateway supports 3.0 to 3.2");
  }
  for (;;) {
    const auto name = reader.string();
    if (!name) return bad("invalid startup packet layout: expected terminator as last byte");
    if (name->empty()) break;
    const auto value = reader.string();
    if (!value) return bad("invalid startup packet layout: expected terminator as last byte");
    if (name->starts_with("_pq_.")) {
      message.protocol_options.emplace_back(*name);
      if (message.protocol_options.size() > kMaxParameters) return bad("too many protocol options");
      continue;
    }
    for (const auto& [earlier, unused] : message.parameters) {
      if (earlier == *name) return bad("startup parameter given twice");
    }
    message.parameters.emplace_back(*name, *value);
    if (message.parameters.size() > kMaxParameters) return bad("too many startup parameters");
  }
  if (!reader.done()) return bad("invalid startup packet layout: expected terminator as last byte");
  return message;
}

}  // namespace

std::string_view StartupMessage::find(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return {};
}

Result<uint32_t> startup_packet_length(Bytes first_four) {
  if (first_four.size() < 4) return bad("invalid length of startup packet");
  const uint32_t length = load_be32(first_four.data());
  if (length < 8 || length > kMaxStartupPacket) return bad("invalid length of startup packet");
  return length;
}

Result<StartupPacket> decode_startup_packet(Bytes packet) {
  Reader reader(packet);
  const auto length = reader.u32();
  const auto code = reader.u32();
  if (!code || *length != packet.size()) return bad("invalid length of startup packet");
  switch (*code) {
    case kSslRequestCode:
      if (!reader.done()) return bad("invalid SSLRequest");
      return SslRequest{};
    case kGssEncRequestCode:
      if (!reader.done()) return bad("invalid GSSENCRequest");
      return GssEncRequest{};
    case kCancelRequestCode:
      if (reader.rest().size() < sizeof(uint32_t) + kShortestCancelSecret ||
          reader.rest().size() > sizeof(uint32_t) + kLongestCancelSecret) {
        return bad("invalid length of cancel request packet");
      }
      return CancelRequest{std::string(reader.rest())};
    default: {
      SLUICE_ASSIGN(auto message, decode_parameters(*code, reader));
      return message;
    }
  }
}

void encode_startup_message(std::string& out,
                            const std::vector<std::pair<std::string, std::string>>& parameters) {
  const size_t start = out.size();
  append_be32(out, 0);
  append_be32(out, kProtocolMajor << 16);
  for (const auto& [name, value] : parameters) {
    out.append(name).push_back('\0');
    out.append(value).push_back('\0');
  }
  out.push_back('\0');
  store_be32(out.data() + start, static_cast<uint32_t>(out.size() - start));
}

void encode_ssl_request(std::string& out) {
  append_be32(out, 8);
  append_be32(out, kSslRequestCode);
}

void encode_cancel_request(std::string& out, uint32_t process_id, Bytes secret) {
  append_be32(out, static_cast<uint32_t>(12 + secret.size()));
  append_be32(out, kCancelRequestCode);
  append_be32(out, process_id);
  out.append(secret);
}

}  // namespace sluice::wire::postgres
