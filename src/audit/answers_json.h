#pragma once

#include <boost/json.hpp>

#include "audit/history.h"
#include "audit/subjects.h"
#include "audit/verify.h"
#include "audit/who_saw.h"

namespace sluice::audit {

/// The record with `seen` (shown or masked), `certain`, and the columns it came `through`.
boost::json::object to_json(const Sighted& one);

/// The record with how its transaction ended and, where a row was asked for, whether it is `named`.
boost::json::object to_json(const HistoryQuery& query, const Change& change);

boost::json::object to_json(const SubjectsSeen& seen);

boost::json::object to_json(const Finding& finding);
boost::json::object to_json(const VerifyReport& report);

}  // namespace sluice::audit
