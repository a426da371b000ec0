#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/client_files.h"
#include "cli/credential_commands.h"
#include "cli/kept.h"
#include "cli/told.h"

namespace sluice::cli {
namespace {

/// RFC 3986: all that is not unreserved is escaped.
std::string escaped(std::string_view text) {
  std::string out;
  for (const unsigned char c : text) {
    if (isalnum(c) != 0 || std::strchr("-._~", c) != nullptr) {
      out += static_cast<char>(c);
    } else {
      out += fmt::format("%{:02X}", c);
    }
  }
  return out;
}

std::string uri_of(const Kept& kept, const std::string& database) {
  const bool v6 = kept.host.find(':') != std::string::npos;
  if (!kept.certificate.empty()) {
    return fmt::format("postgresql://{}@{}:{}/{}?sslmode={}&sslcert={}&sslkey={}&sslrootcert={}",
                       escaped(kept.user), v6 ? "[" + kept.host + "]" : escaped(kept.host),
                       kept.port, escaped(database), sslmode_of(kept), escaped(kept.certificate),
                       escaped(kept.certificate_key), escaped(authority_of(kept)));
  }
  return fmt::format("postgresql://{}:{}@{}:{}/{}?sslmode={}{}", escaped(kept.user),
                     escaped(kept.secret.reveal()), v6 ? "[" + kept.host + "]" : escaped(kept.host),
                     kept.port, escaped(database), sslmode_of(kept),
                     binds_channel(kept) ? "&channel_binding=require" : "");
}

}  // namespace

Result<> connect(const Common& common, const ConnectOptions& options) {
  SLUICE_ASSIGN(const Kept kept, kept_credential(options.gateway));
  if (options.print) {
    const std::string uri = uri_of(kept, options.database);
    if (common.format == Format::kTable) std::cout << uri << '\n';
    told(common, {{"uri", uri}}, "");
    return {};
  }
  // In the environment only this user can read it; among the arguments everybody could.
  setenv("PGHOST", kept.host.c_str(), 1);
  setenv("PGPORT", std::to_string(kept.port).c_str(), 1);
  setenv("PGUSER", kept.user.c_str(), 1);
  setenv("PGDATABASE", options.database.c_str(), 1);
  if (kept.certificate.empty()) {
    setenv("PGPASSWORD", std::string(kept.secret.reveal()).c_str(), 1);
  } else {
    setenv("PGSSLCERT", kept.certificate.c_str(), 1);
    setenv("PGSSLKEY", kept.certificate_key.c_str(), 1);
    // Whatever is usual here: the gateway's certificate is all that it is known by.
    setenv("PGSSLROOTCERT", authority_of(kept).c_str(), 1);
    setenv("PGSSLMODE", sslmode_of(kept), 1);
    unsetenv("PGPASSWORD");
  }
  setenv("PGSSLMODE", sslmode_of(kept), 0);
  if (binds_channel(kept)) setenv("PGCHANNELBINDING", "require", 0);
  for (const char* name : {"PGSERVICE", "PGHOSTADDR", "PGPASSFILE"}) unsetenv(name);
  std::vector<std::string> words = {"psql"};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  execvp("psql", arguments.data());
  return fail(io_error("run psql", errno));
}

Result<> config_clients(const Common& common, const ConnectOptions& options) {
  SLUICE_ASSIGN(const Kept kept, kept_credential(options.gateway));
  SLUICE_ASSIGN(const auto services, service_file());
  SLUICE_ASSIGN(const auto passwords, password_file());
  SLUICE_TRY(replace_part(services, service_lines(kept)));
  const auto lines = password_lines(kept);
  SLUICE_TRY(replace_part(passwords, lines));
  boost::json::array files{services.string()};
  if (!lines.empty()) files.emplace_back(passwords.string());
  told(common,
       {{"written", std::move(files)},
        {"services", boost::json::array(kept.databases.begin(), kept.databases.end())}},
       fmt::format("{}{} written; for example: psql service={}", services.string(),
                   lines.empty() ? "" : " and " + passwords.string(),
                   kept.databases.empty() ? "NAME" : kept.databases.front()));
  return {};
}

}  // namespace sluice::cli
