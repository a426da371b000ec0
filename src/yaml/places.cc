#include "yaml/places.h"

#include <fmt/format.h>

namespace sluice::yaml {

void Places::note(const std::string& path, int line, int column) {
  places_.insert_or_assign(path, fmt::format("{}:{}:{}", file_, line + 1, column + 1));
}

std::string Places::of(std::string path) const {
  for (;;) {
    if (const auto found = places_.find(path); found != places_.end()) return found->second;
    const size_t end = path.find_last_of(".[");
    if (end == std::string::npos) return file_;
    path.resize(end);
  }
}

}  // namespace sluice::yaml
