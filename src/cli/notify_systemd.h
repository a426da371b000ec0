#pragma once

#include <string_view>

namespace sluice::cli {

/// Tells systemd how the service is doing (sd_notify(3)); nothing without NOTIFY_SOCKET.
void notify_systemd(std::string_view state);

}  // namespace sluice::cli
