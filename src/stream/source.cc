#include "stream/source.h"

#include <algorithm>
#include <cctype>

#include <unistd.h>

#include "base/random.h"
#include "stream/small_file.h"

namespace sluice::stream {
namespace {

bool is_id(const std::string& text) {
  return text.size() == 16 && std::all_of(text.begin(), text.end(),
                                          [](unsigned char c) { return std::isxdigit(c) != 0; });
}

}  // namespace

Result<std::string> log_id(const std::filesystem::path& folder, bool fresh) {
  const auto file = folder / "id";
  if (!fresh) {
    auto kept = read_small_file(file);
    if (kept && is_id(*kept)) return kept;
    if (!kept && kept.error().code != ErrorCode::kNotFound) return fail(std::move(kept.error()));
  }
  std::string id = to_hex(random_string(8));
  SLUICE_TRY(replace_file(file, id));
  return id;
}

Source this_source(std::string id, std::string version) {
  char host[256] = "";
  if (gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  return {std::move(id), std::move(version), host, static_cast<int>(getpid())};
}

}  // namespace sluice::stream
