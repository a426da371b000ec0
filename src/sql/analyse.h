#pragma once

#include <memory>
#include <string_view>

#include "sql/statement_facts.h"

namespace sluice::sql {

/// libpg_query recurses over the tree, so the thread that calls `analyse` needs this much stack
/// (virtual: only touched pages cost memory).
inline constexpr size_t kAnalyserStackBytes = 256UL * 1024 * 1024;

/// Texts up to this length are analysed on the worker itself, longer ones on an analyser thread.
inline constexpr size_t kInlineAnalysisLimit = 32 * 1024;

/// Understands one text: a pure function, safe for any bytes and any length. Never throws; what
/// cannot be understood comes back with `unanalysable` set. Refuses (never crashes on) nesting or
/// operator chains deeper than the stack above allows.
///
/// Names are resolved against `scope`, and views, functions, rules, triggers and foreign keys of
/// its catalog are looked into.
std::shared_ptr<const StatementFacts> analyse(std::string_view text, const Settings& settings,
                                              const Scope& scope = {});

}  // namespace sluice::sql
