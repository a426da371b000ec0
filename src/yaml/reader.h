#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "base/result.h"
#include "yaml/places.h"

namespace sluice::yaml {

/// Collects what is wrong with a file, each with its place in it.
class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)), places_(file_) {}
  void add(const YAML::Mark& mark, const std::string& text);
  bool any() const { return !lines_.empty() || more_ > 0; }
  std::string text() const;

  /// Every key that a MapReader looked for, as "where.key": what a file may contain.
  const std::set<std::string>& keys() const { return keys_; }
  void note_key(std::string where_and_key) { keys_.insert(std::move(where_and_key)); }
  /// Of every key that a MapReader found.
  const Places& places() const { return places_; }
  void note_place(const std::string& path, const YAML::Mark& mark) {
    places_.note(path, mark.line, mark.column);
  }

 private:
  std::string file_;
  Places places_;
  std::vector<std::string> lines_;
  size_t more_ = 0;  ///< problems beyond those kept
  std::set<std::string> keys_;
};

/// One entry of a list, with its place.
struct Item {
  std::string text;
  YAML::Mark mark;
};

/// The only document of `text`. A file that YAML cannot read, or with more documents, is a problem;
/// the node is then undefined.
YAML::Node load_document(const std::string& text, Problems& problems);

/// Reads one mapping key by key; whatever key nobody asked for is a problem.
class MapReader {
 public:
  /// `path`: where it stands in the file, "databases[0]"; empty for all of it.
  MapReader(const YAML::Node& map, std::string where, Problems& problems, std::string path = {});
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
  /// A list of single values, or one value for a list of one; empty ones are a problem. `each` says
  /// what is wrong with a value, "" for nothing. True if the key is there.
  bool list(const std::string& key, const std::function<std::string(const Item&)>& each);
  /// A list of mappings; an empty one is a problem.
  void maps(const std::string& key, const std::string& what,
            const std::function<void(MapReader&)>& read);
  YAML::Node node(const std::string& key);
  /// Leaves the rest unread without calling it unknown.
  void skip() { skipped_ = true; }
  YAML::Mark mark() const { return map_.Mark(); }
  bool empty() const { return map_.size() == 0; }
  /// The mapping on one line, the same however it is laid out: {name: a, do: [read]}. Empty when it
  /// is longer than `limit` bytes with its anchors written out, or nested without end.
  std::string dump(size_t limit) const;
  void problem(const std::string& key, const std::string& text);

 private:
  std::string path_of(const std::string& key) const;

  YAML::Node map_;
  std::string where_, path_;
  Problems& problems_;
  std::vector<std::string> known_;
  bool skipped_ = false;
};

}  // namespace sluice::yaml
