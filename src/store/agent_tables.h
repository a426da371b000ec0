#pragma once

namespace sluice::store {

/// What agents were asked (src/agents/prompt_store.h); a step of schema_steps.
inline constexpr const char* kAgentPrompts =
    R"(CREATE TABLE agent_prompts (
         id TEXT PRIMARY KEY,
         user_name TEXT NOT NULL,
         person TEXT NOT NULL,            -- for whom the user acts; empty: itself
         run TEXT NOT NULL,
         model TEXT NOT NULL,
         tool_call TEXT NOT NULL,
         parent TEXT NOT NULL,
         created_micros INTEGER NOT NULL,
         length INTEGER NOT NULL,
         erased INTEGER NOT NULL,
         sealed BLOB NOT NULL             -- salt and text; empty: erased
       ) STRICT;
       CREATE INDEX agent_prompts_by_run ON agent_prompts (run, created_micros);)";

/// What has read text that anybody may have written (src/agents/taint_store.h); the same.
inline constexpr const char* kAgentTaints =
    R"(CREATE TABLE agent_taints (
         whose TEXT PRIMARY KEY,          -- "run …", "credential …", "user …"
         until_micros INTEGER NOT NULL
       ) STRICT;)";

/// What each gateway has let be used of budgets (src/agents/use_store.h); the same.
inline constexpr const char* kBudgetUse =
    R"(CREATE TABLE budget_use (
         gateway TEXT NOT NULL,
         budget TEXT NOT NULL,
         payer TEXT NOT NULL,
         begin_micros INTEGER NOT NULL,   -- of its span; 0: of a run
         end_micros INTEGER NOT NULL,     -- the same
         last_micros INTEGER NOT NULL,    -- when it was used last
         told_micros INTEGER NOT NULL,    -- when it was told
         amounts TEXT NOT NULL,           -- "statements=3 rows=70"
         PRIMARY KEY (gateway, budget, payer, begin_micros)
       ) STRICT;
       CREATE INDEX budget_use_by_told ON budget_use (told_micros);)";

}  // namespace sluice::store
