#pragma once

#include <map>
#include <string>

namespace sluice::yaml {

/// Where the keys of a file stand in it, by their paths: "databases[0].url".
class Places {
 public:
  Places() = default;
  explicit Places(std::string file) : file_(std::move(file)) {}

  /// Lines and columns count from 0, as yaml-cpp has them.
  void note(const std::string& path, int line, int column);
  /// "sluice.yaml:7:10": the key's place, or that of what it would stand in; the file alone where
  /// nothing of it is there.
  std::string of(std::string path) const;

 private:
  std::string file_;
  std::map<std::string, std::string> places_;
};

}  // namespace sluice::yaml
