#pragma once

#include <filesystem>
#include <functional>

#include "audit/query.h"
#include "audit/record.h"
#include "base/result.h"

namespace sluice::audit {

/// Hands over the newest `query.limit` of the records that a query asks for, the oldest of them
/// first, however many: no more than a page of them is held at once. What is recorded meanwhile is
/// not among them. Returns whether there are older ones. The query's order and cursor do not count;
/// `audit_directory` is `<state>/audit`.
Result<bool> each_newest(const std::filesystem::path& audit_directory, Query query,
                         const std::function<void(Record record)>& each);

}  // namespace sluice::audit
