#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/database.h"
#include "undo/seal.h"

namespace sluice::agents {

/// Bytes of a prompt's text.
inline constexpr size_t kLongestPrompt = size_t{64} << 10;

/// What an agent was asked, or asked itself; its text is apart.
struct Prompt {
  std::string id;  ///< agents::prompt_id
  std::string user;
  std::string person;  ///< for whom the user acts; empty: for itself
  std::string run;
  std::string model;   ///< gen_ai.request.model; a claim, like all that follows
  std::string call;    ///< of a tool: what it answers; empty: none
  std::string parent;  ///< id of the prompt that led to it; empty: none
  int64_t created_micros = 0;
  uint64_t length = 0;  ///< of its text, in bytes
  bool erased = false;  ///< its text is gone for good
};

/// A run, as its prompts tell of it.
struct Run {
  std::string run, user, person;
  int64_t first_micros = 0, last_micros = 0;
  uint64_t prompts = 0;
};

/// Prompts, their texts encrypted with a key of their own. Thread-safe; may wait for the disk.
class PromptStore {
 public:
  /// `database` must be nobody else's. The key is read from `key_file`, or made there.
  static Result<std::unique_ptr<PromptStore>> open(store::Database database,
                                                   const std::filesystem::path& key_file);

  /// Keeps one with its text and the salt that its digest was made with.
  Result<> keep(const Prompt& prompt, std::string_view salt, std::string_view text);
  /// kNotFound: there is none of that id.
  Result<Prompt> find(const std::string& id);
  /// kNotFound: it has been erased; kDenied: altered, or sealed at another gateway.
  Result<std::string> text(const Prompt& prompt);
  /// Of one run, in their order.
  Result<std::vector<Prompt>> of_run(const std::string& run, size_t limit);
  /// The newest first; of `reader`, whose runs or whose agents' they are; empty: of everybody.
  /// `until_micros`: none with later prompts; 0: any.
  Result<std::vector<Run>> runs(const std::string& reader, size_t limit, int64_t until_micros = 0);
  /// Its text and salt are gone for good; what its digest is of can no longer be shown.
  Result<> erase(const std::string& id);

 private:
  PromptStore(store::Database database, undo::Seal seal)
      : database_(std::move(database)), seal_(std::move(seal)) {}

  std::mutex mutex_;
  store::Database database_;
  undo::Seal seal_;
};

}  // namespace sluice::agents
