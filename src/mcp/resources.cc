#include "mcp/resources.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::mcp {
namespace json = boost::json;

namespace {

constexpr std::string_view kScheme = "sluice://";
constexpr std::string_view kDatabasePart = "{database}", kSchemaPart = "{schema}",
                           kTablePart = "{table}";
constexpr std::string_view kMime = "application/json";

struct Known {
  ResourceKind kind;
  std::string_view uri;  ///< behind the scheme
  std::string_view name;
  std::string_view title;
  std::string_view description;
};

using enum ResourceKind;

constexpr std::array kKnown = {
    Known{kDatabases, "databases", "databases", "Databases",
          "Databases that you may connect to, each with its environment"},
    Known{kSchema, "databases/{database}/schema", "schema", "Schema of a database",
          "Tables and columns with types, and what is sensitive in them (class)"},
    Known{kTable, "databases/{database}/tables/{schema}/{table}", "table", "One table",
          "Columns of one table with types, and what is sensitive in them (class)"},
    Known{kPolicy, "databases/{database}/policy", "policy", "Rules that apply to you",
          "Rules, roles and budgets of the policy in force that are about you at this database"},
    Known{kBudgets, "budgets", "budgets", "Your budgets",
          "What you have used of budgets, and what is left"},
    Known{kHistory, "history", "history", "Your statements",
          "Your latest statements with what became of them, as they are on the record"},
};

bool is_template(const Known& known) { return known.uri.find('{') != std::string_view::npos; }

/// The part up to the next slash, which is taken away with it.
std::string_view next_part(std::string_view& rest) {
  const std::string_view part = rest.substr(0, rest.find('/'));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return part;
}

bool unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

/// As RFC 3986 has a segment of a path.
std::string encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

/// Nothing: it is no name, or not encoded as it should be.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    uint8_t byte = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const char* const end = text.data() + i + 3;
    const auto [stop, error] = std::from_chars(text.data() + i + 1, end, byte, 16);
    if (error != std::errc() || stop != end || byte == 0) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  if (out.empty()) return std::nullopt;
  return out;
}

/// Nothing: `path` has another form.
std::optional<ResourceWanted> match(const Known& known, std::string_view path) {
  ResourceWanted wanted;
  wanted.kind = known.kind;
  if (std::count(path.begin(), path.end(), '/') !=
      std::count(known.uri.begin(), known.uri.end(), '/'))
    return std::nullopt;
  std::string_view form = known.uri;
  while (!form.empty()) {
    const std::string_view expected = next_part(form), part = next_part(path);
    std::string* const into = expected == kDatabasePart ? &wanted.database
                              : expected == kSchemaPart ? &wanted.schema
                              : expected == kTablePart  ? &wanted.table
                                                        : nullptr;
    if (into == nullptr) {
      if (part != expected) return std::nullopt;
      continue;
    }
    auto name = decoded(part);
    if (!name) return std::nullopt;
    *into = std::move(*name);
  }
  return wanted;
}

std::string filled(std::string_view uri, std::string_view database) {
  std::string out = std::string(kScheme) + std::string(uri);
  if (const size_t at = out.find(kDatabasePart); at != std::string::npos)
    out.replace(at, kDatabasePart.size(), encoded(database));
  return out;
}

json::object describe(const Known& known, std::string_view key, std::string uri, std::string name) {
  return {{key, std::move(uri)},
          {"name", std::move(name)},
          {"title", known.title},
          {"description", known.description},
          {"mimeType", kMime}};
}

}  // namespace

Result<ResourceWanted> parse_resource(std::string_view uri) {
  if (uri.starts_with(kScheme)) {
    for (const Known& known : kKnown) {
      if (auto wanted = match(known, uri.substr(kScheme.size()))) return std::move(*wanted);
    }
  }
  std::string all;
  for (const Known& known : kKnown)
    all += (all.empty() ? "" : ", ") + std::string(kScheme) + std::string(known.uri);
  return fail(ErrorCode::kNotFound, "there is no such resource; there are " + all);
}

json::array list_resources(const std::vector<std::string>& databases) {
  json::array out;
  for (const Known& known : kKnown) {
    if (!is_template(known))
      out.push_back(describe(known, "uri", filled(known.uri, {}), std::string(known.name)));
  }
  // Of tables there may be very many: those have a template alone.
  for (const auto& database : databases) {
    for (const Known& known : kKnown) {
      if (is_template(known) && known.kind != kTable) {
        out.push_back(describe(known, "uri", filled(known.uri, database),
                               database + " " + std::string(known.name)));
      }
    }
  }
  return out;
}

json::array list_templates() {
  json::array out;
  for (const Known& known : kKnown) {
    if (is_template(known)) {
      out.push_back(describe(known, "uriTemplate", std::string(kScheme) + std::string(known.uri),
                             std::string(known.name)));
    }
  }
  return out;
}

bool template_has(std::string_view uri_template, std::string_view parameter) {
  const std::string braced = "{" + std::string(parameter) + "}";
  return std::any_of(kKnown.begin(), kKnown.end(), [&](const Known& known) {
    return is_template(known) && uri_template == std::string(kScheme) + std::string(known.uri) &&
           known.uri.find(braced) != std::string_view::npos;
  });
}

json::object resource_result(std::string_view uri, const json::object& found) {
  return {{"contents", json::array{json::object{
                           {"uri", uri}, {"mimeType", kMime}, {"text", json::serialize(found)}}}}};
}

}  // namespace sluice::mcp
