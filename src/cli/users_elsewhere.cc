// Users and the audit trail, from a machine that is not the gateway's.
#include <iostream>

#include <fmt/format.h>

#include "audit/filters.h"
#include "base/clock.h"
#include "cli/damage.h"
#include "cli/elsewhere.h"
#include "cli/output.h"

namespace sluice::cli {
namespace json = boost::json;

namespace {

constexpr const char* kUsers = "/api/v1/users";

std::string user_path(const std::string& name) {
  return std::string(kUsers) + "/" + percent_encoded(name);
}

}  // namespace

Result<> user_add_elsewhere(const UserOptions& options, const SecretString& password,
                            const std::map<std::string, std::string>& attributes) {
  json::object body{{"name", options.name},
                    {"kind", options.kind.empty() ? "human" : options.kind},
                    {"groups", json::array(options.groups.begin(), options.groups.end())},
                    {"attributes", json::value_from(attributes)}};
  if (!password.empty()) body["password"] = password.reveal();
  if (!options.valid_until.empty()) body["valid_until"] = options.valid_until;
  return call_elsewhere("POST", kUsers, json::serialize(body)).transform([](const auto&) {});
}

Result<> user_change_elsewhere(const std::string& name, const json::object& change) {
  return call_elsewhere("PATCH", user_path(name), json::serialize(change))
      .transform([](const auto&) {});
}

Result<> user_list_elsewhere(const Common& common) {
  SLUICE_ASSIGN(auto found, call_elsewhere("GET", kUsers));
  Listing listing{
      {"name", "kind", "groups", "attributes", "enabled", "valid_until", "kept_by", "created"}, {}};
  for (auto& row : found.as_array()) {
    if (listing.rows.size() >= common.limit) break;
    auto& user = row.as_object();
    json::array attributes;
    for (const auto& [key, value] : user["attributes"].as_object())
      attributes.emplace_back(fmt::format("{}={}", std::string_view(key), plain(value)));
    listing.rows.push_back(json::object{{"name", user["name"]},
                                        {"kind", user["kind"]},
                                        {"attributes", std::move(attributes)},
                                        {"groups", user["groups"]},
                                        {"enabled", !user["disabled"].as_bool()},
                                        {"valid_until", plain(user["valid_until"])},
                                        {"kept_by", user["kept_by"]},
                                        {"created", user["created"]}});
  }
  print(std::cout, listing, common.format);
  return {};
}

Result<> user_remove_elsewhere(const std::string& name) {
  return call_elsewhere("DELETE", user_path(name)).transform([](const auto&) {});
}

Result<> user_link_elsewhere(const UserOptions& options) {
  const json::object body{{"issuer", options.issuer}, {"subject", options.subject}};
  return call_elsewhere("POST", user_path(options.name) + "/identities", json::serialize(body))
      .transform([](const auto&) {});
}

Result<json::object> user_secret_elsewhere(const std::string& name, const std::string& what) {
  SLUICE_ASSIGN(auto made, call_elsewhere("PUT", user_path(name) + "/" + what));
  return std::move(made.as_object());
}

Result<> user_secret_remove_elsewhere(const std::string& name, const std::string& what) {
  return call_elsewhere("DELETE", user_path(name) + "/" + what).transform([](const auto&) {});
}

Result<> audit_tail_elsewhere(const Common& common, const AuditOptions& options,
                              const std::atomic<bool>& stopping,
                              const std::function<bool(const json::object&)>& each) {
  audit::Given given = options.filters;
  if (!options.saved.empty()) given.emplace_back("saved", options.saved);
  size_t seen = 0;
  return follow_elsewhere(
      "/api/v1/audit/tail?" + audit::to_query_string(given), stopping, [&](std::string_view data) {
        json::error_code error;
        const auto record = json::parse(data, error);
        if (error || !record.is_object()) return true;
        return each(record.get_object()) && (++seen < common.limit || common.limit == 0);
      });
}

Result<> audit_search_elsewhere(const Common& common, const AuditOptions& options) {
  audit::Given given = options.filters;
  if (!options.saved.empty()) given.emplace_back("saved", options.saved);
  if (!options.order.empty()) given.emplace_back("order", options.order);
  if (!options.cursor.empty()) given.emplace_back("cursor", options.cursor);
  const bool counts = !options.count_by.empty() || !options.over.empty();
  if (!options.count_by.empty()) given.emplace_back("by", options.count_by);
  if (!options.over.empty()) given.emplace_back("over", options.over);
  if (!options.save.empty()) {
    SLUICE_ASSIGN(
        [[maybe_unused]] const auto saved,
        call_elsewhere(
            "PUT", "/api/v1/audit/searches/" + percent_encoded(options.save),
            json::serialize(json::object{{"query", audit::to_query_string(options.filters)}})));
  }
  given.emplace_back("limit", std::to_string(common.limit));
  SLUICE_ASSIGN(auto found, call_elsewhere("GET", fmt::format("/api/v1/audit/{}?{}",
                                                              counts ? "counts" : "records",
                                                              audit::to_query_string(given))));
  if (!counts) {
    Listing listing{{"id", "time", "user", "database", "type", "decision", "kind", "rows", "rule",
                     "text", "message"},
                    {}};
    for (auto& row : found.at("records").as_array()) listing.rows.push_back(row.as_object());
    print(std::cout, listing, common.format);
    if (!found.at("next").is_null())
      std::cerr << "more: --cursor " << plain(found.at("next")) << '\n';
    warn_of_damage(found);
    return {};
  }
  Listing listing;
  if (!options.over.empty()) listing.columns.emplace_back("time");
  for (auto& row : found.at("counts").as_array()) {
    json::object flat = row.at("values").as_object();
    if (const auto* time = row.as_object().if_contains("time")) flat["time"] = *time;
    flat["records"] = row.at("records");
    if (listing.rows.empty()) {
      for (const auto& [name, value] : row.at("values").as_object())
        listing.columns.emplace_back(name);
      listing.columns.emplace_back("records");
    }
    listing.rows.push_back(std::move(flat));
  }
  print(std::cout, listing, common.format);
  return {};
}

Result<> audit_who_saw_elsewhere(const Common& common, const WhoSawOptions& options) {
  json::object body{{"value", options.value},
                    {"masked_too", options.masked_too},
                    {"exact", options.exact},
                    {"limit", common.limit}};
  if (!options.since.empty()) body["since"] = options.since;
  if (!options.until.empty()) body["until"] = options.until;
  SLUICE_ASSIGN(auto found, call_elsewhere("POST", "/api/v1/audit/who-saw", json::serialize(body)));
  Listing listing{{"time", "user", "principal_kind", "actors", "seen", "certain", "spelled",
                   "session", "database", "rows", "through", "text", "id"},
                  {}};
  for (auto& row : found.at("records").as_array()) listing.rows.push_back(row.as_object());
  print(std::cout, listing, common.format);
  warn_of_damage(found);
  // A gateway of before does not say.
  if (const auto* more = found.as_object().if_contains("truncated");
      more != nullptr && *more == true)
    std::cerr << fmt::format("sluice: the newest {}; --limit shows more\n", common.limit);
  return {};
}

}  // namespace sluice::cli
