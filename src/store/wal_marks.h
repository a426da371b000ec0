#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/database.h"

namespace sluice::store {

/// How far a database's WAL has been reconciled by a slot, as the server writes places in it:
/// "0/1". A slot that stands further has been moved by somebody else.
Result<std::optional<std::string>> wal_mark(Database& state, std::string_view database,
                                            std::string_view slot);
Result<> set_wal_mark(Database& state, std::string_view database, std::string_view slot,
                      std::string_view lsn);

}  // namespace sluice::store
