#pragma once

// Steps of the schema about who somebody is. Internal to the room.

namespace sluice::store {

/// What an operator had said of users whom the identity provider removed: it holds for the next of
/// the name.
inline constexpr const char* kScimRemovedWords =
    R"(ALTER TABLE scim_removed ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;
       ALTER TABLE scim_removed ADD COLUMN valid_until_micros INTEGER NOT NULL DEFAULT 0;)";

}  // namespace sluice::store
