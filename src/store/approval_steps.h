#pragma once

// Steps of the schema about requests for approval. Internal to the room.

namespace sluice::store {

/// How who asks had come in (src/approval/login.h), as JSON; of requests of before nothing is
/// known.
inline constexpr const char* kRequestLogins =
    "ALTER TABLE approval_requests ADD COLUMN login TEXT NOT NULL DEFAULT '{}';";

}  // namespace sluice::store
