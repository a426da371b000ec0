#include "cli/actor.h"

#include <cstdlib>

#include <fmt/format.h>
#include <unistd.h>

namespace sluice::cli {

std::string actor() {
  const char* sudo = getenv("SUDO_USER");
  const char* login = sudo != nullptr ? sudo : getenv("USER");
  return fmt::format("{} (uid {}) on the command line", login != nullptr ? login : "unknown",
                     getuid());
}

}  // namespace sluice::cli
