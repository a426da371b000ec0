#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "config/config.h"
#include "store/kept_databases.h"

namespace sluice::gateway {

/// What a kept database is as one of the configuration, without the file of its authority. What
/// admins may not say is kInvalidInput: names of files, of sockets and of the gateway itself, and
/// what leaves it to the network or the server whether there is TLS or a password. Pure.
Result<config::DatabaseConfig> config_of(const store::KeptDatabase& row, SecretString password);

/// Whether the password of one goes to the same place, in the same way, with the other.
bool goes_to_the_same_place(const store::KeptDatabase& a, const store::KeptDatabase& b);
/// Whether the same rules, and masks, count for what is read with the one and the other.
bool is_judged_alike(const store::KeptDatabase& a, const store::KeptDatabase& b);

/// "postgres://db:5432/orders as sluice, environment production, masking on": for the record.
std::string words_of(const store::KeptDatabase& row);

}  // namespace sluice::gateway
