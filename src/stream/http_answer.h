#pragma once

#include "stream/sink.h"
#include "stream/transport.h"

namespace sluice::stream {

/// A delivery of which nothing was taken, because of this answer. `keys` names the configuration
/// keys to look at when it says that the sender is not allowed.
Delivery refused(const HttpAnswer& answer, const char* keys = "authorization_file");

}  // namespace sluice::stream
