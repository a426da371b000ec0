#pragma once

#include "base/result.h"
#include "cli/kept.h"

namespace sluice::cli {

/// Ends it at its gateway, which then lets nobody in with it, nor with what it has renewed. Errors
/// say until when it lives and how an admin ends it; `done` what became of it here.
Result<> end_at_gateway(const Kept& kept, std::string_view done);

}  // namespace sluice::cli
