// Start-up packets and what is made of them.
#include "input.h"
#include "wire/postgres/protocol.h"
#include "wire/postgres/startup.h"
#include "wire/postgres/startup_parameters.h"

using namespace sluice::wire::postgres;

namespace {

void check_message(const StartupMessage& message) {
  require(message.major == 3);
  for (const auto& [name, value] : message.parameters) {
    require(!name.empty() && !name.starts_with("_pq_."));
    require(message.find(name) == value);
  }
  std::string again;
  encode_startup_message(again, message.parameters);
  const auto decoded = decode_startup_packet(again);
  require(decoded && std::get<StartupMessage>(*decoded).parameters == message.parameters);
  const auto parameters = sort_startup_parameters(message);
  if (!parameters) return;
  require(!parameters->user.empty() && !parameters->database.empty());
  for (const auto& [name, value] : parameters->settings) {
    require(name != "role" && name != "session_authorization");
  }
}

}  // namespace

FUZZ(bytes) {
  const auto length = startup_packet_length(bytes.substr(0, 4));
  if (!length) {
    require(!decode_startup_packet(bytes) || bytes.size() > kMaxStartupPacket);
    return;
  }
  require(*length >= 8 && *length <= kMaxStartupPacket);
  if (*length != bytes.size()) require(!decode_startup_packet(bytes));
  const auto packet = decode_startup_packet(bytes.substr(0, *length));
  if (!packet) return;
  if (const auto* cancel = std::get_if<CancelRequest>(&*packet)) {
    require(cancel->key.size() >= 8 && cancel->key.size() <= 260);
  }
  if (const auto* message = std::get_if<StartupMessage>(&*packet)) check_message(*message);
}
