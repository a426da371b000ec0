#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "control/http_server.h"

namespace sluice::control {

/// The console's files, read once: what web/ is built to (docs/console.md). Any thread.
class ConsoleFiles {
 public:
  /// All that is in `folder`, which must have an index.html. What has a neighbour of its name with
  /// .gz is sent as that to who takes it.
  static Result<ConsoleFiles> load(const std::filesystem::path& folder);
  /// The configured folder; or that of SLUICE_CONSOLE, or the one that came with the binary: beside
  /// it in a build, ../share/sluice/console when it is installed. Empty: there is none.
  static std::filesystem::path find(const std::string& configured);

  /// Nothing for what is not a GET, or looks like something else of this port's. Any other path is
  /// a page of the console, which index.html makes.
  std::optional<HttpResponse> answer(const HttpRequest& request) const;

 private:
  struct File {
    std::string type, bytes, zipped, tag;
  };
  HttpResponse send(const HttpRequest& request, const File& file, bool for_ever) const;

  std::map<std::string, File, std::less<>> files_;  ///< by path, "/assets/x.js"
};

}  // namespace sluice::control
