// Start-up packets and what is made of them.
#include "input.h"
#include "wire/postgres/startup.h"
#include "wire/postgres/startup_parameters.h"

using namespace sluice::wire::postgres;

FUZZ(bytes) {
  if (bytes.size() < 4) return;
  const auto length = startup_packet_length(bytes.substr(0, 4));
  if (!length || *length > bytes.size()) return;
  const auto packet = decode_startup_packet(bytes.substr(0, *length));
  if (!packet) return;
  const auto* message = std::get_if<StartupMessage>(&*packet);
  if (message == nullptr) return;
  const auto parameters = sort_startup_parameters(*message);
  if (!parameters) return;
  require(!parameters->user.empty() && !parameters->database.empty());
  for (const auto& [name, value] : parameters->settings) {
    require(name != "role" && name != "session_authorization");
  }
}
