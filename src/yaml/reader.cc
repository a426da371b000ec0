#include "yaml/reader.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>

#include "base/nearest.h"

namespace sluice::yaml {
namespace {

/// More than that nobody reads.
constexpr size_t kMaxProblems = 1000;
/// Keys longer than that are no typing error of a known one.
constexpr size_t kMaxTypingError = 40;

}  // namespace

void Problems::add(const YAML::Mark& mark, const std::string& text) {
  if (lines_.size() >= kMaxProblems) {
    ++more_;
    return;
  }
  // yaml-cpp counts from 0.
  lines_.push_back(mark.is_null()
                       ? fmt::format("{}: {}", file_, text)
                       : fmt::format("{}:{}:{}: {}", file_, mark.line + 1, mark.column + 1, text));
}

std::string Problems::text() const {
  std::string text = fmt::format("{}", fmt::join(lines_, "\n"));
  if (more_ > 0) text += fmt::format("\n{}: and {} more problems", file_, more_);
  return text;
}

namespace {

/// Where documents start, and tags that somebody has written.
class DocumentStarts : public YAML::EventHandler {
 public:
  std::vector<YAML::Mark> marks;
  std::vector<std::pair<YAML::Mark, std::string>> tags;
  void OnDocumentStart(const YAML::Mark& mark) override { marks.push_back(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string&) override {
    note(mark, tag);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    note(mark, tag);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    note(mark, tag);
  }
  void OnMapEnd() override {}

 private:
  /// "?" and "!" stand for none, on plain and on quoted values.
  void note(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") tags.emplace_back(mark, tag);
  }
};

/// A tag as people write it.
std::string shown(const std::string& tag) {
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  return tag.starts_with(kCore) ? "!!" + tag.substr(kCore.size()) : tag;
}

}  // namespace

YAML::Node load_document(const std::string& text, Problems& problems) {
  try {
    // YAML::Load stops where the first document seems to end, without a word about the rest;
    // YAML::LoadAll never comes back from some texts (yaml-cpp 0.7.0).
    std::istringstream in(text);
    YAML::Parser parser(in);
    DocumentStarts starts;
    if (!parser.HandleNextDocument(starts)) {
      problems.add(YAML::Mark(), "the file is empty");
    } else if (parser.HandleNextDocument(starts)) {
      problems.add(starts.marks.back(), "expected one document, and nothing after it");
    } else if (!starts.tags.empty()) {
      // Every value is read as the text that stands there: what a tag asks for would be ignored.
      for (const auto& [mark, tag] : starts.tags)
        problems.add(mark, fmt::format("tag \"{}\" means nothing here: put it in quotes if it is "
                                       "part of the text, or leave it out",
                                       shown(tag)));
    } else {
      return YAML::Load(text);
    }
  } catch (const YAML::DeepRecursion& error) {
    problems.add(error.mark, "nested too deeply");
  } catch (const YAML::Exception& error) {
    problems.add(error.mark, error.msg);
  }
  return YAML::Node(YAML::NodeType::Undefined);
}

MapReader::MapReader(const YAML::Node& map, std::string where, Problems& problems, std::string path)
    : map_(map), where_(std::move(where)), path_(std::move(path)), problems_(problems) {
  if (!path_.empty()) problems_.note_place(path_, map_.Mark());
  std::set<std::string> seen;
  for (const auto& entry : map_) {
    const auto key = entry.first.as<std::string>("");
    if (!seen.insert(key).second)
      problems_.add(entry.first.Mark(), fmt::format("\"{}\" is given twice", key));
  }
}

MapReader::~MapReader() {
  for (const auto& known : known_) problems_.note_key(where_ + "." + known);
  if (skipped_) return;
  for (const auto& entry : map_) {
    const auto key = entry.first.as<std::string>("");
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    std::string hint = fmt::format("; known here: {}", fmt::join(known_, ", "));
    size_t nearest = 3;
    for (const auto& known : known_) {
      const size_t distance =
          key.size() <= kMaxTypingError ? static_cast<size_t>(edit_distance(key, known)) : nearest;
      if (distance >= nearest) continue;
      nearest = distance;
      hint = fmt::format("; did you mean \"{}\"?", known);
    }
    problems_.add(entry.first.Mark(), fmt::format("unknown key \"{}\" in {}{}", key, where_, hint));
  }
}

YAML::Node MapReader::node(const std::string& key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  // A const node does not grow by looking at it.
  const YAML::Node& constant = map_;
  YAML::Node found = constant[key];
  if (found.IsDefined()) problems_.note_place(path_of(key), found.Mark());
  return found;
}

std::string MapReader::path_of(const std::string& key) const {
  return path_.empty() ? key : path_ + "." + key;
}

bool MapReader::has(const std::string& key) {
  const YAML::Node& constant = map_;
  return constant[key].IsDefined();
}

void MapReader::problem(const std::string& key, const std::string& text) {
  const YAML::Node& constant = map_;
  const YAML::Node value = constant[key];
  problems_.add(value.IsDefined() ? value.Mark() : map_.Mark(), fmt::format("{}: {}", key, text));
}

bool MapReader::scalar(const std::string& key, std::string& out, bool required) {
  const YAML::Node value = node(key);
  if (!value.IsDefined()) {
    if (required) problems_.add(map_.Mark(), fmt::format("{} lacks \"{}\"", where_, key));
    return false;
  }
  if (!value.IsScalar() || value.Scalar().empty()) {
    problem(key, "expected a single value");
    return false;
  }
  out = value.Scalar();
  if (out.find('\0') != std::string::npos) {
    problem(key, "contains a NUL character");
    return false;
  }
  return true;
}

void MapReader::boolean(const std::string& key, bool& out) {
  std::string text;
  if (!scalar(key, text)) return;
  if (text == "true" || text == "false") {
    out = text == "true";
  } else {
    problem(key, fmt::format("expected true or false, got \"{}\"", text));
  }
}

void MapReader::number(const std::string& key, unsigned& out, unsigned low, unsigned high) {
  std::string text;
  if (!scalar(key, text)) return;
  unsigned value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < low || value > high) {
    problem(key, fmt::format("expected a number from {} to {}, got \"{}\"", low, high, text));
  } else {
    out = value;
  }
}

void MapReader::one_of(const std::string& key, const std::vector<std::string>& names,
                       const std::function<void(size_t)>& use) {
  std::string text;
  if (!scalar(key, text)) return;
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) {
    problem(key, fmt::format("expected one of {}, got \"{}\"", fmt::join(names, ", "), text));
  } else {
    use(static_cast<size_t>(found - names.begin()));
  }
}

void MapReader::map(const std::string& key, const std::function<void(MapReader&)>& read) {
  const YAML::Node value = node(key);
  if (!value.IsDefined()) return;
  if (!value.IsMap()) {
    problem(key, "expected a mapping");
    return;
  }
  MapReader inner(value, key, problems_, path_of(key));
  read(inner);
}

namespace {

/// Why a node is no usable single value; "" if it is one.
std::string value_problem(const YAML::Node& value) {
  if (value.Tag().size() > 1 && value.Tag()[0] == '!')
    return "YAML takes a word that begins with ! for a tag: put it in quotes";
  if (!value.IsScalar() || value.Scalar().empty()) return "expected a single value";
  if (value.Scalar().find('\0') != std::string::npos) return "contains a NUL character";
  return "";
}

/// Writes `node` on one line; false when that takes too much.
bool write(const YAML::Node& node, int depth, size_t limit, std::string& out) {
  constexpr int kMaxDepth = 16;
  if (depth > kMaxDepth || out.size() > limit) return false;
  if (node.IsMap() || node.IsSequence()) {
    out.push_back(node.IsMap() ? '{' : '[');
    bool first = true;
    for (const auto& entry : node) {
      if (!first) out += ", ";
      first = false;
      if (node.IsMap()) {
        if (!write(entry.first, depth + 1, limit, out)) return false;
        out += ": ";
      }
      if (!write(node.IsMap() ? entry.second : YAML::Node(entry), depth + 1, limit, out))
        return false;
    }
    out.push_back(node.IsMap() ? '}' : ']');
    return out.size() <= limit;
  }
  const std::string text = node.IsScalar() ? node.Scalar() : node.IsNull() ? "null" : "";
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' ||
           c == '/';
  });
  if (plain) {
    out += text;
    return true;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out += c == '\n' ? "\\n" : std::string(1, c);
  }
  out.push_back('"');
  return out.size() <= limit;
}

}  // namespace

std::string MapReader::dump(size_t limit) const {
  std::string out;
  return write(map_, 0, limit, out) ? out : "";
}

bool MapReader::list(const std::string& key, const std::function<std::string(const Item&)>& each) {
  const YAML::Node value = node(key);
  if (!value.IsDefined()) return false;
  const auto read = [&](const YAML::Node& item) {
    std::string wrong = value_problem(item);
    if (wrong.empty()) wrong = each({item.Scalar(), item.Mark()});
    if (!wrong.empty()) problems_.add(item.Mark(), fmt::format("{}: {}", key, wrong));
  };
  if (!value.IsSequence()) {
    read(value);
  } else if (value.size() == 0) {
    problem(key, "the list is empty, so the rule would never apply; leave the key out for any");
  } else {
    for (const auto& item : value) read(item);
  }
  return true;
}

void MapReader::maps(const std::string& key, const std::string& what,
                     const std::function<void(MapReader&)>& read) {
  const YAML::Node list = node(key);
  if (!list.IsDefined() || !list.IsSequence() || list.size() == 0) {
    problem(key, "expected a list with at least one mapping");
    return;
  }
  size_t number = 0;
  for (const auto& entry : list) {
    const std::string path = fmt::format("{}[{}]", path_of(key), number++);
    if (!entry.IsMap()) {
      problems_.add(entry.Mark(), "expected a mapping");
      continue;
    }
    MapReader reader(entry, what, problems_, path);
    read(reader);
  }
}

}  // namespace sluice::yaml
