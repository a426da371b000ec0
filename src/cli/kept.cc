#include "cli/kept.h"

#include <algorithm>
#include <cstdlib>

#include <boost/json.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/gateway_check.h"
#include "stream/small_file.h"

namespace sluice::cli {
namespace {

constexpr const char* kFile = "credentials.json";

/// What is nobody else's business, and was not put there by anybody else.
Result<> check_private(const std::filesystem::path& path) {
  struct stat found{};
  if (lstat(path.c_str(), &found) != 0) return fail(io_error("look at " + path.string(), errno));
  if (S_ISLNK(found.st_mode) || found.st_uid != getuid()) {
    return fail(ErrorCode::kDenied, fmt::format("{} is not yours: remove it", path.string()));
  }
  if ((found.st_mode & 077) != 0) {
    return fail(ErrorCode::kDenied, fmt::format("others may get at {}; make it yours alone: chmod "
                                                "go= {}",
                                                path.string(), path.string()));
  }
  return {};
}

Result<> make_private(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(ErrorCode::kIo, folder.string() + ": " + error.message());
  // Ours by now; nothing is in it that others could have left open.
  if (chmod(folder.c_str(), 0700) != 0) return fail(io_error("chmod " + folder.string(), errno));
  return {};
}

boost::json::object to_json(const Kept& kept) {
  return {{"gateway", kept.gateway},
          {"host", kept.host},
          {"port", kept.port},
          {"tls", kept.tls},
          {"user", kept.user},
          {"id", kept.id},
          {"secret", kept.secret.reveal()},
          {"expires_micros", kept.expires_micros},
          {"databases", boost::json::array(kept.databases.begin(), kept.databases.end())},
          {"certificate", kept.certificate},
          {"certificate_key", kept.certificate_key},
          {"authority", kept.authority},
          {"by_code", kept.by_code},
          {"issuer", kept.issuer},
          {"directory", kept.directory}};
}

Result<Kept> from_json(const boost::json::value& value) {
  try {
    Kept kept;
    const auto& object = value.as_object();
    const auto text = [&](const char* name) { return std::string(object.at(name).as_string()); };
    kept.gateway = text("gateway");
    kept.host = text("host");
    kept.port = object.at("port").to_number<uint16_t>();
    kept.tls = object.at("tls").as_bool();
    kept.user = text("user");
    kept.id = text("id");
    kept.secret = SecretString(text("secret"));
    kept.expires_micros = object.at("expires_micros").to_number<int64_t>();
    for (const auto& name : object.at("databases").as_array())
      kept.databases.emplace_back(name.as_string());
    if (object.contains("certificate")) {
      kept.certificate = text("certificate");
      kept.certificate_key = text("certificate_key");
    }
    if (object.contains("authority")) {  // Older versions did not keep these.
      kept.authority = text("authority");
      kept.by_code = object.at("by_code").as_bool();
      kept.issuer = text("issuer");
      kept.directory = text("directory");
    }
    return kept;
  } catch (const std::exception&) {
    return fail(ErrorCode::kInvalidInput, "not written by sluice login");
  }
}

Error not_ours(const std::filesystem::path& file) {
  return {ErrorCode::kInvalidInput,
          fmt::format("{} is damaged, or was not written by sluice login: "
                      "remove it, and log in again",
                      file.string())};
}

}  // namespace

Result<std::filesystem::path> kept_folder() {
  const char* state = getenv("XDG_STATE_HOME");
  if (state != nullptr && state[0] == '/') return std::filesystem::path(state) / "sluice";
  const char* home = getenv("HOME");
  if (home == nullptr || home[0] != '/') {
    return fail(ErrorCode::kInvalidInput, "neither XDG_STATE_HOME nor HOME is set");
  }
  return std::filesystem::path(home) / ".local" / "state" / "sluice";
}

Result<std::vector<Kept>> read_kept(const std::filesystem::path& folder) {
  const auto file = folder / kFile;
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(file, error))) {
    return std::vector<Kept>();
  }
  SLUICE_TRY(check_private(folder));
  SLUICE_TRY(check_private(file));
  SLUICE_ASSIGN(const std::string text, stream::read_small_file(file));
  const auto value = boost::json::parse(text, error);
  std::vector<Kept> all;
  if (error || !value.is_array()) return fail(not_ours(file));
  for (const auto& entry : value.as_array()) {
    auto kept = from_json(entry);
    if (!kept) return fail(not_ours(file));
    all.push_back(std::move(*kept));
  }
  return all;
}

Result<> keep_certificate(const std::filesystem::path& folder, const std::string& certificate,
                          const SecretString& key, const std::string& authority, Kept& kept) {
  SLUICE_TRY(make_private(folder));
  std::string name = fmt::format("{}_{}", kept.host, kept.port);
  std::replace_if(name.begin(), name.end(), [](char c) { return c == '/' || c == ':'; }, '_');
  const auto files = folder / name;
  kept.certificate = files.string() + ".crt";
  kept.certificate_key = files.string() + ".key";
  kept.authority = authority;
  std::string authorities;
  if (authority != system_authorities()) {
    SLUICE_ASSIGN(authorities, stream::read_small_file(authority));
    kept.authority = files.string() + ".ca";
  }
  const mode_t mask = umask(077);
  auto written = stream::replace_file(kept.certificate, certificate);
  if (written) written = stream::replace_file(kept.certificate_key, std::string(key.reveal()));
  if (written && !authorities.empty()) written = stream::replace_file(kept.authority, authorities);
  umask(mask);
  return written;
}

namespace {

Result<> write_all(const std::filesystem::path& folder, const boost::json::array& all) {
  const mode_t mask = umask(077);
  auto written = stream::replace_file(folder / kFile, boost::json::serialize(all) + "\n");
  umask(mask);
  return written;
}

/// Those of `gone` that `next` does not use. They were put there by `sluice login`; nothing else is
/// removed.
void remove_files(const std::filesystem::path& folder, const Kept& gone, const Kept& next) {
  const auto used = {next.certificate, next.certificate_key, next.authority};
  for (const auto& file : {gone.certificate, gone.certificate_key, gone.authority}) {
    if (std::find(used.begin(), used.end(), file) != used.end()) continue;
    const std::filesystem::path path = file;
    std::error_code ignored;
    if (path.parent_path() == folder) std::filesystem::remove(path, ignored);
  }
}

}  // namespace

Result<> keep(const std::filesystem::path& folder, const Kept& next) {
  SLUICE_TRY(make_private(folder));
  SLUICE_ASSIGN(const auto before, read_kept(folder));
  boost::json::array all = {to_json(next)};
  for (const auto& kept : before) {
    if (kept.gateway != next.gateway) all.push_back(to_json(kept));
  }
  SLUICE_TRY(write_all(folder, all));
  for (const auto& kept : before) {
    if (kept.gateway == next.gateway) remove_files(folder, kept, next);
  }
  return {};
}

Result<> forget(const std::filesystem::path& folder, const Kept& gone) {
  SLUICE_ASSIGN(const auto before, read_kept(folder));
  boost::json::array all;
  for (const auto& kept : before) {
    if (kept.gateway != gone.gateway) all.push_back(to_json(kept));
  }
  SLUICE_TRY(write_all(folder, all));
  remove_files(folder, gone, {});
  return {};
}

Result<Kept> kept_credential_where(const std::function<bool(const Kept&)>& fits) {
  SLUICE_ASSIGN(const auto folder, kept_folder());
  SLUICE_ASSIGN(auto all, read_kept(folder));
  for (Kept& kept : all) {
    if (!fits(kept)) continue;
    if (kept.expires_micros > wall_micros()) return std::move(kept);
    return fail(ErrorCode::kDenied,
                fmt::format("the credential for {} expired at {}; get a new one: sluice login "
                            "--gateway {}",
                            kept.gateway, format_time(kept.expires_micros), kept.gateway));
  }
  return fail(ErrorCode::kNotFound, "there is no credential; get one: sluice login --gateway URL");
}

Result<Kept> kept_credential(const std::string& gateway) {
  return kept_credential_where([gateway = without_slash(gateway)](const Kept& kept) {
    return gateway.empty() || kept.gateway == gateway;
  });
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace sluice::cli
