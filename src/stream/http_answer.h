#pragma once

#include "stream/sink.h"
#include "stream/transport.h"

namespace sluice::stream {

/// A delivery of which nothing was taken, because of this answer.
Delivery refused(const HttpAnswer& answer);

}  // namespace sluice::stream
