#include "agents/prompt_store.h"

#include "agents/attribution.h"

namespace sluice::agents {
namespace {

constexpr std::string_view kColumns =
    "SELECT id, user_name, person, run, model, tool_call, parent, created_micros, length, "
    "erased FROM agent_prompts ";
constexpr size_t kSalt = 16;

Result<std::vector<Prompt>> all_of(store::Statement& query) {
  std::vector<Prompt> all;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return all;
    all.push_back({query.text(0), query.text(1), query.text(2), query.text(3), query.text(4),
                   query.text(5), query.text(6), query.integer(7),
                   static_cast<uint64_t>(query.integer(8)), query.integer(9) != 0});
  }
}

}  // namespace

Result<std::unique_ptr<PromptStore>> PromptStore::open(store::Database database,
                                                       const std::filesystem::path& key_file) {
  SLUICE_ASSIGN(auto seal, undo::Seal::open(key_file));
  return std::unique_ptr<PromptStore>(new PromptStore(std::move(database), std::move(seal)));
}

Result<> PromptStore::keep(const Prompt& prompt, std::string_view salt, std::string_view text) {
  const std::string sealed = seal_.close(std::string(salt) + std::string(text), prompt.id);
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto insert,
                database_.prepare("INSERT INTO agent_prompts (id, user_name, person, run, model, "
                                  "tool_call, parent, created_micros, length, erased, sealed) "
                                  "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)"));
  insert.bind(1, prompt.id).bind(2, prompt.user).bind(3, prompt.person).bind(4, prompt.run);
  insert.bind(5, prompt.model).bind(6, prompt.call).bind(7, prompt.parent);
  insert.bind(8, prompt.created_micros).bind(9, static_cast<int64_t>(prompt.length));
  return insert.bind_blob(10, sealed).run();
}

Result<Prompt> PromptStore::find(const std::string& id) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto query, database_.prepare(std::string(kColumns) + "WHERE id = ?"));
  query.bind(1, id);
  SLUICE_ASSIGN(auto all, all_of(query));
  if (all.empty()) return fail(ErrorCode::kNotFound, "there is no prompt of that id");
  return std::move(all.front());
}

Result<std::string> PromptStore::text(const Prompt& prompt) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto query, database_.prepare("SELECT sealed FROM agent_prompts WHERE id = ?"));
  SLUICE_ASSIGN(const bool found, query.bind(1, prompt.id).step());
  if (!found || query.text(0).empty())
    return fail(ErrorCode::kNotFound, "the prompt's text has been erased");
  const auto opened = seal_.open(query.text(0), prompt.id);
  if (!opened) {
    return fail(ErrorCode::kDenied,
                "the prompt has been altered, or was kept by another gateway: ask that one, whose "
                "prompts.key it is");
  }
  if (opened->size() < kSalt ||
      digest_of_prompt(opened->substr(0, kSalt), opened->substr(kSalt)) != digest_of(prompt.id))
    return fail(ErrorCode::kDenied, "the prompt is not the one that was registered");
  return opened->substr(kSalt);
}

Result<std::vector<Prompt>> PromptStore::of_run(const std::string& run, size_t limit) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto query, database_.prepare(std::string(kColumns) +
                                              "WHERE run = ? ORDER BY created_micros, id LIMIT ?"));
  query.bind(1, run).bind(2, static_cast<int64_t>(limit));
  return all_of(query);
}

Result<std::vector<Run>> PromptStore::runs(const std::string& reader, size_t limit,
                                           int64_t until_micros) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto query,
                database_.prepare(
                    "SELECT run, user_name, person, min(created_micros), max(created_micros), "
                    "count(*) FROM agent_prompts WHERE ?1 = '' OR user_name = ?1 OR person = ?1 "
                    "GROUP BY run, user_name, person HAVING ?3 = 0 OR max(created_micros) <= ?3 "
                    "ORDER BY max(created_micros) DESC LIMIT ?2"));
  query.bind(1, reader).bind(2, static_cast<int64_t>(limit)).bind(3, until_micros);
  std::vector<Run> all;
  for (;;) {
    SLUICE_ASSIGN(const bool row, query.step());
    if (!row) return all;
    all.push_back({query.text(0), query.text(1), query.text(2), query.integer(3), query.integer(4),
                   static_cast<uint64_t>(query.integer(5))});
  }
}

Result<> PromptStore::erase(const std::string& id) {
  const std::lock_guard lock(mutex_);
  SLUICE_ASSIGN(auto update,
                database_.prepare("UPDATE agent_prompts SET sealed = ?, erased = 1 WHERE id = ?"));
  SLUICE_TRY(update.bind_blob(1, "").bind(2, id).run());
  if (database_.changes() == 0) return fail(ErrorCode::kNotFound, "there is no prompt of that id");
  return {};
}

}  // namespace sluice::agents
