#include <algorithm>
#include <iostream>

#include <fmt/format.h>

#include "cli/credential_commands.h"
#include "cli/elsewhere.h"
#include "cli/output.h"
#include "config/config.h"
#include "identity/ldap_directory.h"

namespace sluice::cli {
namespace {

boost::json::object row_of(const config::LdapConfig& config, const std::string& user, bool& good) {
  boost::json::object row{{"directory", config.name},
                          {"urls", boost::json::array(config.urls.begin(), config.urls.end())},
                          {"state", "good"},
                          {"user", ""},
                          {"subject", ""},
                          {"groups", boost::json::array()}};
  const auto found = identity::LdapDirectory(config).inspect(user);
  if (!found) {
    row["state"] = found.error().text;
    good = false;
  } else if (*found) {
    row["user"] = (*found)->user;
    row["subject"] = (*found)->subject;
    row["groups"] = boost::json::array((*found)->groups.begin(), (*found)->groups.end());
  } else if (!user.empty()) {
    row["state"] = "nobody";
  }
  return row;
}

}  // namespace

Result<> directory_check(const Common& common, const DirectoryOptions& options) {
  Listing listing{{"directory", "state", "user", "subject", "groups"}, {}};
  bool good = true;
  if (is_elsewhere(common)) {
    const boost::json::object body{{"name", options.name}, {"user", options.user}};
    SLUICE_ASSIGN(auto found, call_elsewhere("POST", "/api/v1/directories/check",
                                             boost::json::serialize(body)));
    for (auto& row : found.as_array()) {
      good = row.at("good").as_bool() && good;
      row.as_object().erase("good");
      listing.rows.push_back(row.as_object());
    }
  } else {
    SLUICE_ASSIGN(const auto config, config::load(common.config_file));
    for (const auto& directory : config.identity.directories) {
      if (options.name.empty() || options.name == directory.name)
        listing.rows.push_back(row_of(directory, options.user, good));
    }
  }
  if (listing.rows.empty()) {
    return fail(ErrorCode::kNotFound,
                options.name.empty()
                    ? "the configuration has no directories (identity.directories)"
                    : fmt::format("the configuration has no directory \"{}\"", options.name));
  }
  print(std::cout, listing, common.format);
  if (!good) return fail(ErrorCode::kUnavailable, "not all directories can be asked");
  const bool nobody = std::all_of(listing.rows.begin(), listing.rows.end(), [](const auto& row) {
    return row.as_object().at("user").as_string().empty();
  });
  if (!options.user.empty() && nobody)
    return fail(ErrorCode::kNotFound, fmt::format("no directory knows \"{}\"", options.user));
  return {};
}

}  // namespace sluice::cli
