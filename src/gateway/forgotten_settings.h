#pragma once

#include "gateway/admission.h"
#include "sql/statement_facts.h"

namespace sluice::gateway {

/// What the client of a session has asked for at start-up and a statement makes the server forget:
/// RESET leads to the values that the pooled connection was made with, where the client expects
/// those that it has begun with itself (PostgreSQL, "RESET"). To be set again before anything else
/// runs. None for a text of several statements.
ParameterList forgotten_settings(const Admission& admission, const sql::StatementFacts& facts);

}  // namespace sluice::gateway
