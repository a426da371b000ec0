#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "net/address.h"

namespace sluice::gateway {

/// Whether one of these addresses is answered by a listener of this machine that is bound to
/// `listener`, an address or "0.0.0.0" and "::" for all: of the loopback interface or none at all,
/// whatever it is bound to, or an address of an interface of this machine that it is bound to.
/// Ports are not looked at. An interface that cannot be asked is taken for one.
bool leads_here(const std::vector<net::Address>& addresses, const std::string& listener);

/// Whether an admin has added a database: what the file has is its author's to name.
bool was_added(const config::DatabaseConfig& database);

/// Whether a host is an address as it stands, so that no name server is asked for it.
bool is_literal(const std::string& host);

}  // namespace sluice::gateway
