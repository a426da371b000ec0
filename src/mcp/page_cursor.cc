#include "mcp/page_cursor.h"

#include <charconv>

#include <fmt/format.h>

#include "base/hash.h"

namespace sluice::mcp {
namespace {

/// Tells one statement from another; nothing hangs on its being hard to find.
constexpr size_t kMarkBytes = 8;

std::string mark_of(std::string_view database, std::string_view statement) {
  const auto digest = sha256(fmt::format("{}:{}{}", database.size(), database, statement));
  return to_hex(std::string_view(digest.data(), kMarkBytes));
}

}  // namespace

std::string page_cursor(std::string_view database, std::string_view statement, size_t rows) {
  return fmt::format("{}-{}", rows, mark_of(database, statement));
}

Result<size_t> rows_before(std::string_view cursor, std::string_view database,
                           std::string_view statement) {
  size_t rows = 0;
  const char* const end = cursor.data() + cursor.size();
  const auto [at, error] = std::from_chars(cursor.data(), end, rows);
  if (error != std::errc() ||
      std::string_view(at, static_cast<size_t>(end - at)) != "-" + mark_of(database, statement)) {
    return fail(ErrorCode::kInvalidInput,
                "this is no cursor of this statement: show next_cursor of the answer to exactly "
                "the same statement, or begin again without");
  }
  if (rows > kFurthest) {
    return fail(ErrorCode::kLimit,
                fmt::format("pages begin behind {} rows at most: go on with a condition on the "
                            "last key that you have seen",
                            kFurthest));
  }
  return rows;
}

}  // namespace sluice::mcp
