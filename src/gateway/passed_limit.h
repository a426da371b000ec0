#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gateway/admission.h"
#include "policy/decision.h"

namespace sluice::gateway {

/// The refusal of what has passed `limit` ("rows") of `decision`, which allows `most` by `rule`.
std::shared_ptr<const policy::Decision> passed_limit(const policy::Decision& decision,
                                                     const Admission& admission,
                                                     const std::string& rule,
                                                     std::string_view limit, uint64_t most,
                                                     std::string message);

}  // namespace sluice::gateway
