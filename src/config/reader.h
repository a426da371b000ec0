#pragma once

#include <functional>
#include <string>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "base/result.h"

namespace sluice::config {

/// Collects what is wrong with a file, each with its place in it.
class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}
  void add(const YAML::Mark& mark, const std::string& text);
  bool any() const { return !lines_.empty(); }
  std::string text() const;

 private:
  std::string file_;
  std::vector<std::string> lines_;
};

/// Reads one mapping key by key; whatever key nobody asked for is a problem.
class MapReader {
 public:
  MapReader(const YAML::Node& map, std::string where, Problems& problems);
  /// Reports keys that were not read.
  ~MapReader();
  MapReader(const MapReader&) = delete;
  MapReader& operator=(const MapReader&) = delete;

  bool has(const std::string& key);
  /// The scalar text of `key`, if it is there and a scalar.
  bool scalar(const std::string& key, std::string& out, bool required = false);
  void boolean(const std::string& key, bool& out);
  void number(const std::string& key, unsigned& out, unsigned low, unsigned high);
  /// A scalar read by `parse`, whose error becomes a problem.
  template <typename T>
  void parsed(const std::string& key, T& out, Result<T> (*parse)(std::string_view)) {
    std::string text;
    if (!scalar(key, text)) return;
    auto value = parse(text);
    if (value) {
      out = std::move(*value);
    } else {
      problem(key, value.error().text);
    }
  }
  void one_of(const std::string& key, const std::vector<std::string>& names,
              const std::function<void(size_t)>& use);
  void map(const std::string& key, const std::function<void(MapReader&)>& read);
  YAML::Node node(const std::string& key);
  void problem(const std::string& key, const std::string& text);

 private:
  YAML::Node map_;
  std::string where_;
  Problems& problems_;
  std::vector<std::string> known_;
};

}  // namespace sluice::config
