#pragma once

#include <map>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "base/result.h"
#include "base/secret.h"
#include "cli/commands.h"

namespace sluice::cli {

/// Whether a command has to ask the gateway over HTTP, as whoever has logged in: there is no
/// configuration here, or its state is not for this user to open and they have logged in.
bool is_elsewhere(const Common& common);

/// Asks over HTTP as who has logged in (`sluice login`); with SLUICE_TOKEN, as who that lets in, at
/// the gateway of SLUICE_GATEWAY. Errors say to log in where nobody has.
Result<boost::json::value> call_elsewhere(const std::string& method, const std::string& path,
                                          const std::string& body = {});

/// One segment of a path, or a value of a query string.
std::string percent_encoded(std::string_view text);

// The commands of other files, done over HTTP.
Result<> user_add_elsewhere(const UserOptions& options, const SecretString& password,
                            const std::map<std::string, std::string>& attributes);
Result<> user_change_elsewhere(const std::string& name, const boost::json::object& change);
Result<> user_list_elsewhere(const Common& common);
Result<> user_remove_elsewhere(const std::string& name);
Result<> audit_search_elsewhere(const Common& common, const AuditOptions& options);
Result<> audit_subjects_elsewhere(const Common& common, const AuditOptions& options);
Result<> audit_who_saw_elsewhere(const Common& common, const WhoSawOptions& options);

}  // namespace sluice::cli
