#include "config/secrets.h"

#include <cstdlib>
#include <fstream>

#include <fmt/format.h>
#include <sys/stat.h>

namespace sluice::config {

std::string SecretSource::path(const std::string& text) const {
  return std::filesystem::path(text).is_absolute() ? text
                                                   : (folder / text).lexically_normal().string();
}

Result<SecretString> read_secret_file(const std::filesystem::path& file) {
  struct stat info{};
  if (stat(file.c_str(), &info) != 0) return fail(io_error(file.string(), errno));
  if ((info.st_mode & 0077) != 0) {
    return fail(ErrorCode::kDenied, fmt::format("{} can be read by others; run: chmod 600 {}",
                                                file.string(), file.string()));
  }
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line.empty()) return fail(ErrorCode::kInvalidInput, file.string() + " is empty");
  return SecretString(std::move(line));
}

bool read_secret(yaml::MapReader& map, const std::string& key, const SecretSource& source,
                 SecretString& out) {
  const std::string in_file = key + "_file";
  const std::string in_env = key + "_env";
  std::string text;
  int given = 0;
  if (map.scalar(in_file, text)) {
    ++given;
    if (source.resolve) {
      auto secret = read_secret_file(source.path(text));
      if (secret) {
        out = std::move(*secret);
      } else {
        map.problem(in_file, secret.error().text);
      }
    }
  }
  if (map.scalar(in_env, text)) {
    ++given;
    const char* value = getenv(text.c_str());
    if (value != nullptr) {
      out = SecretString(value);
    } else if (source.resolve) {
      map.problem(in_env, fmt::format("environment variable {} is not set", text));
    }
  }
  if (map.scalar(key, text)) {
    ++given;
    out = SecretString(text);
    if (!source.allow_literal) {
      map.problem(
          key, fmt::format("a {} must not stand in this file: use {} or {}", key, in_file, in_env));
    }
  }
  if (given > 1) map.problem(in_file, fmt::format("give only one of {} and {}", in_file, in_env));
  return given > 0;
}

}  // namespace sluice::config
