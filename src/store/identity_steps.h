#pragma once

// Steps of the schema about who somebody is. Internal to the room.

namespace sluice::store {

/// What an operator had said of users whom the identity provider removed: it holds for the next of
/// the name.
inline constexpr const char* kScimRemovedWords =
    R"(ALTER TABLE scim_removed ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;
       ALTER TABLE scim_removed ADD COLUMN valid_until_micros INTEGER NOT NULL DEFAULT 0;)";

/// Since when a user has had their name, where that is not from the beginning, and which they had
/// before: by newlines.
inline constexpr const char* kUsersRenamed =
    R"(ALTER TABLE users ADD COLUMN named_micros INTEGER NOT NULL DEFAULT 0;
       ALTER TABLE users ADD COLUMN former_names TEXT NOT NULL DEFAULT '';)";

}  // namespace sluice::store
