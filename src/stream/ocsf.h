#pragma once

#include <boost/json.hpp>

#include "stream/source.h"

namespace sluice::stream {

/// The version of the schema that ocsf_event writes.
inline constexpr const char* kOcsfVersion = "1.5.0";

/// A record as an event of the Open Cybersecurity Schema Framework: statements as Datastore
/// Activity (6005), logins and the ends of sessions as Authentication (3002), start and stop as
/// Application Lifecycle (6002), everything else as API Activity (6003). What has no place in the
/// schema stands under "unmapped" with the names of docs/audit.md.
boost::json::object ocsf_event(const Source& source, const Entry& entry);

}  // namespace sluice::stream
