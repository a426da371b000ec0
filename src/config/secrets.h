#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "base/secret.h"
#include "yaml/reader.h"

namespace sluice::config {

/// How the files and secrets that a configuration names are found.
struct SecretSource {
  std::filesystem::path folder;  ///< relative paths count from here
  bool resolve = true;           ///< read them; otherwise only their keys are checked
  bool allow_literal = false;    ///< `demo: true`

  /// `text` as a path from the folder.
  std::string path(const std::string& text) const;
};

/// The first line of a file, which must be nobody else's to read.
Result<SecretString> read_secret_file(const std::filesystem::path& file);

/// Reads `<key>_file`, `<key>_env` or, in a demonstration, `<key>` itself; what is wrong becomes a
/// problem. True if one of them is there.
bool read_secret(yaml::MapReader& map, const std::string& key, const SecretSource& source,
                 SecretString& out);

}  // namespace sluice::config
