// Databases behind the gateway: those of the configuration file, and those that the running gateway
// keeps in its store.
#include <iostream>

#include <fmt/format.h>

#include "cli/actor.h"
#include "cli/call_gateway.h"
#include "cli/commands.h"
#include "cli/elsewhere.h"
#include "cli/password.h"
#include "cli/told.h"
#include "config/config.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

constexpr const char* kPath = "/api/v1/databases";

std::string path_of(const std::string& name) {
  return std::string(kPath) + "/" + percent_encoded(name);
}

/// What the file says, where no gateway runs that knows more.
json::array in_file(const config::Config& config) {
  json::array rows;
  for (const auto& database : config.databases) {
    rows.push_back(json::object{{"name", database.name},
                                {"environment", database.environment},
                                {"host", database.host},
                                {"port", database.port},
                                {"server_database", database.server_database},
                                {"user", database.user},
                                {"pool_size", database.pool.size},
                                {"masking", database.masking},
                                {"source", "file"}});
  }
  return rows;
}

Result<json::array> all_databases(const Common& common) {
  auto found = call_gateway(common, "GET", kPath);
  if (found) return std::move(found->as_array());
  if (found.error().code != ErrorCode::kUnavailable || is_elsewhere(common))
    return fail(std::move(found.error()));
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  return in_file(config);
}

std::string server_of(const json::object& row) {
  if (row.contains("host")) {
    return fmt::format("{}:{}/{}", plain(row.at("host")), plain(row.at("port")),
                       plain(row.at("server_database")));
  }
  const auto* url = row.if_contains("url");
  return url == nullptr ? "" : plain(*url);
}

Result<json::object> body_of(const DatabaseOptions& options, json::object body) {
  const auto text = [&](const char* name, const std::string& given) {
    if (!given.empty()) body[name] = given;
  };
  text("url", options.url);
  text("user", options.user);
  text("environment", options.environment);
  if (!options.masking.empty()) body["masking"] = options.masking == "on";
  if (!options.stamp_writes.empty()) body["stamp_writes"] = options.stamp_writes == "on";
  if (options.pool_size > 0) body["pool_size"] = options.pool_size;
  if (!options.authority.empty()) {
    SLUICE_ASSIGN(body["authority"], read_input(options.authority));
  }
  body["check_only"] = options.check_only;
  body["author"] = actor();
  return body;
}

void tell(const Common& common, const DatabaseOptions& options, const json::value& answer,
          std::string_view done) {
  if (common.format == Format::kJson) {
    std::cout << json::serialize(answer) << '\n';
    return;
  }
  std::cout << fmt::format("{}: {}\n", options.name, printable(plain(answer.at("server"))));
  for (const auto& warning : answer.at("warnings").as_array())
    std::cerr << "warning: " << printable(plain(warning)) << '\n';
  std::cerr << fmt::format("database {} {}\n", options.name,
                           options.check_only ? "works; nothing is kept" : done);
}

/// What is known of one that was added.
Result<json::object> kept_row(const Common& common, const std::string& name) {
  SLUICE_ASSIGN(auto rows, call_gateway(common, "GET", kPath));
  for (auto& row : rows.as_array()) {
    if (plain(row.at("name")) != name) continue;
    const auto* source = row.as_object().if_contains("source");
    if (source != nullptr && plain(*source) == "store") return std::move(row.as_object());
    return fail(ErrorCode::kDenied, fmt::format("\"{}\" is a database of the configuration file: "
                                                "change it there, and reload that (SIGHUP)",
                                                name));
  }
  return fail(ErrorCode::kNotFound,
              fmt::format("no database \"{}\"; see: sluice database list", name));
}

}  // namespace

Result<> database_list(const Common& common) {
  SLUICE_ASSIGN(auto rows, all_databases(common));
  Listing listing{
      {"name", "environment", "server", "user", "pool_size", "masking", "source", "problem"}, {}};
  for (auto& each : rows) {
    if (listing.rows.size() >= common.limit) break;
    auto& row = each.as_object();
    json::object out;
    for (const auto& column : listing.columns) {
      const auto* value = row.if_contains(column);
      out[column] = column == "server" ? json::value(server_of(row))
                    : value == nullptr ? json::value("")
                                       : *value;
    }
    listing.rows.push_back(std::move(out));
  }
  print(std::cout, listing, common.format);
  return {};
}

Result<> database_check(const Common& common, const std::string& name) {
  SLUICE_ASSIGN(const auto rows, all_databases(common));
  Listing listing{{"name", "ok", "server"}, {}};
  Result<> outcome;
  for (const auto& row : rows) {
    const std::string each = plain(row.at("name"));
    if (!name.empty() && each != name) continue;
    const auto value = call_gateway(common, "POST", path_of(each) + "/check");
    // That is about who asks, and not about the database.
    if (!value && value.error().text.find("this needs the role") != std::string::npos)
      return fail(value.error());
    if (!value) outcome = fail(value.error());
    listing.rows.push_back(
        json::object{{"name", each},
                     {"ok", value.has_value()},
                     {"server", value ? plain(value->at("server")) : value.error().text}});
  }
  if (listing.rows.empty() && !name.empty()) {
    return fail(ErrorCode::kNotFound,
                fmt::format("no database \"{}\"; see: sluice database list", name));
  }
  print(std::cout, listing, common.format);
  return outcome;
}

Result<> database_add(const Common& common, const DatabaseOptions& options) {
  SLUICE_ASSIGN(auto body, body_of(options, {{"name", options.name}}));
  SLUICE_ASSIGN(const auto password,
                read_password(options.password_stdin, "Password of " + options.user));
  body["password"] = password.reveal();
  SLUICE_ASSIGN(const auto answer, call_gateway(common, "POST", kPath, json::serialize(body)));
  tell(common, options, answer, "added");
  return {};
}

Result<> database_set(const Common& common, const DatabaseOptions& options) {
  SLUICE_ASSIGN(const auto row, kept_row(common, options.name));
  json::object known;
  for (const char* field :
       {"url", "user", "environment", "authority", "masking", "stamp_writes", "pool_size"}) {
    if (const auto* value = row.if_contains(field)) known[field] = *value;
  }
  SLUICE_ASSIGN(auto body, body_of(options, std::move(known)));
  if (options.password_stdin) {
    SLUICE_ASSIGN(const auto password, read_password(true, ""));
    body["password"] = password.reveal();
  }
  SLUICE_ASSIGN(const auto answer,
                call_gateway(common, "PUT", path_of(options.name), json::serialize(body)));
  tell(common, options, answer, "changed");
  return {};
}

Result<> database_remove(const Common& common, const std::string& name) {
  SLUICE_ASSIGN([[maybe_unused]] const auto value,
                call_gateway(common, "DELETE", path_of(name), actor()));
  told(common, {{"name", name}, {"removed", true}}, fmt::format("database {} removed", name));
  return {};
}

}  // namespace sluice::cli
