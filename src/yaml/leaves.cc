#include "yaml/leaves.h"

#include <yaml-cpp/yaml.h>

#include "yaml/reader.h"

namespace sluice::yaml {
namespace {

using Leaves = std::map<std::string, std::string>;

/// Deeper ones are told as one value: aliases can make a document that has no end of them.
constexpr size_t kDeepest = 16;
constexpr size_t kMostLeaves = 100'000;

std::string name_of(const YAML::Node& item, size_t index) {
  if (item.IsMap()) {
    const auto name = item["name"];
    if (name && name.IsScalar()) return name.Scalar();
  }
  return std::to_string(index);
}

void gather(const YAML::Node& node, const std::string& path, size_t depth, Leaves& out) {
  if (out.size() >= kMostLeaves) return;
  if (depth < kDeepest && node.IsMap() && node.size() > 0) {
    for (const auto& entry : node) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "?";
      gather(entry.second, path.empty() ? key : path + "." + key, depth + 1, out);
    }
    return;
  }
  if (depth < kDeepest && node.IsSequence() && node.size() > 0) {
    for (size_t i = 0; i < node.size(); ++i) {
      std::string item = path + "[" + name_of(node[i], i) + "]";
      // Two of a name are told apart all the same.
      while (out.contains(item) || out.contains(item + ".name")) item += "'";
      gather(node[i], item, depth + 1, out);
    }
    return;
  }
  out[path] = node.IsScalar() ? node.Scalar() : YAML::Dump(node);
}

}  // namespace

Result<std::map<std::string, std::string>> leaves(const std::string& text) {
  Problems problems("the document");
  const YAML::Node document = load_document(text, problems);
  if (problems.any()) return fail(ErrorCode::kInvalidInput, problems.text());
  Leaves out;
  try {
    gather(document, "", 0, out);
  } catch (const YAML::Exception& error) {
    return fail(ErrorCode::kInvalidInput, error.what());
  }
  return out;
}

}  // namespace sluice::yaml
