#pragma once

#include <string>

#include <boost/json.hpp>

#include "provenance/receipt.h"

namespace sluice::provenance {

/// An OpenLineage RunEvent (specification 2-0-2) of the export that a receipt is for: COMPLETE,
/// from the tables that it reads to the data set, with the facets schema, columnLineage and
/// outputStatistics, and `sluice_provenance`, which names the receipt. `record`: what receivers
/// know the record by that holds it.
boost::json::object run_event(const Receipt& receipt, const std::string& record);

}  // namespace sluice::provenance
