#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "gateway/analyser.h"
#include "gateway/database.h"
#include "policy/understand.h"

namespace sluice::gateway {

/// The database's catalog, once it is current. Blocks for ten seconds at most: kTimeout.
Result<std::shared_ptr<const catalog::Catalog>> catalog_of(const Database& database);

/// Analyses a text as a fresh session of `database` would, without running it. Where it names what
/// the catalog does not have, the server is asked first whether it has it by now, as on the data
/// path. Blocks.
Result<policy::Understood> understand(const Database& database, AnalyserThreads& analysers,
                                      std::string_view text);

}  // namespace sluice::gateway
