#pragma once

#include <string_view>

#include "sql/statement_facts.h"

namespace sluice::sql {

/// Why a call of this function deserves a rule of its own, by its name: functions of pg_catalog
/// and of well-known extensions. `schema` is the one it was found in, empty when not resolved.
///
/// Functions of pg_catalog are matched in pg_catalog (or unresolved) only; those of extensions in
/// whatever schema they were installed. A `pg_…` function of pg_catalog that is in no list of ours
/// (a newer server's) is `kUnknown`. kNone says nothing of a user's own function: judge its body.
/// The SQL that a kNetwork function sends elsewhere cannot be known either.
FunctionRisk risk_of(std::string_view schema, std::string_view name);

/// Of a user's function in a language that is not read here, by the language: kUnknown for C and
/// for trusted languages, whose functions run SQL that cannot be known; kProgram for untrusted ones
/// (plpython3u) and those nobody heard of, which can do whatever the server's own user can.
FunctionRisk risk_of_language(std::string_view language);

}  // namespace sluice::sql
