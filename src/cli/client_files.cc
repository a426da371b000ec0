#include "cli/client_files.h"

#include <cstdlib>

#include <fmt/format.h>
#include <sys/stat.h>

#include "cli/gateway_check.h"
#include "stream/small_file.h"

namespace sluice::cli {
namespace {

constexpr std::string_view kBegin = "# sluice config-clients: begin\n";
constexpr std::string_view kEnd = "# sluice config-clients: end\n";

Result<std::filesystem::path> place(const char* variable, const char* name) {
  const char* given = getenv(variable);
  if (given != nullptr && given[0] != '\0') return std::filesystem::path(given);
  const char* home = getenv("HOME");
  if (home == nullptr || home[0] != '/')
    return fail(ErrorCode::kInvalidInput, fmt::format("neither {} nor HOME is set", variable));
  return std::filesystem::path(home) / name;
}

std::string pgpass_field(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

/// What stands between the two marks; empty where nothing does, or there is no file.
Result<std::string> part_of(const std::filesystem::path& file) {
  auto text = stream::read_small_file(file);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::string();
  if (!text) return fail(std::move(text.error()));
  const size_t begin = text->find(kBegin);
  const size_t end = begin == std::string::npos ? begin : text->find(kEnd, begin);
  if (end == std::string::npos) return std::string();
  return text->substr(begin + kBegin.size(), end - begin - kBegin.size());
}

}  // namespace

bool binds_channel(const Kept& kept) { return kept.tls && kept.certificate.empty(); }

const char* sslmode_of(const Kept& kept) {
  if (!kept.certificate.empty()) return "verify-full";
  return kept.tls ? "require" : "disable";
}

std::string authority_of(const Kept& kept) {
  if (kept.certificate.empty()) return {};
  return kept.authority.empty() ? system_authorities() : kept.authority;
}

Result<std::filesystem::path> service_file() { return place("PGSERVICEFILE", ".pg_service.conf"); }
Result<std::filesystem::path> password_file() { return place("PGPASSFILE", ".pgpass"); }

std::string service_lines(const Kept& kept) {
  std::string out;
  for (const auto& database : kept.databases) {
    out += fmt::format("[{}]\nhost={}\nport={}\ndbname={}\nuser={}\nsslmode={}\n", database,
                       kept.host, kept.port, database, kept.user, sslmode_of(kept));
    if (binds_channel(kept)) out += "channel_binding=require\n";
    if (!kept.certificate.empty())
      out += fmt::format("sslcert={}\nsslkey={}\nsslrootcert={}\n", kept.certificate,
                         kept.certificate_key, authority_of(kept));
  }
  return out;
}

std::string password_lines(const Kept& kept) {
  std::string out;
  if (!kept.certificate.empty()) return out;
  for (const auto& database : kept.databases) {
    out +=
        fmt::format("{}:{}:{}:{}:{}\n", pgpass_field(kept.host), kept.port, pgpass_field(database),
                    pgpass_field(kept.user), pgpass_field(kept.secret.reveal()));
  }
  return out;
}

std::string with_part(std::string_view old, std::string_view ours) {
  std::string rest(old);
  const size_t begin = rest.find(kBegin);
  if (begin != std::string::npos) {
    const size_t end = rest.find(kEnd, begin);
    rest.erase(begin, end == std::string::npos ? kBegin.size() : end + kEnd.size() - begin);
  }
  return ours.empty() ? rest : fmt::format("{}{}{}{}", kBegin, ours, kEnd, rest);
}

Result<> replace_part(const std::filesystem::path& file, std::string_view ours) {
  // A link stays one: what it leads to is changed.
  std::error_code error;
  const auto real = std::filesystem::weakly_canonical(file, error);
  const auto& target = error ? file : real;
  auto old = stream::read_small_file(target);
  if (!old && old.error().code != ErrorCode::kNotFound) return fail(old.error());
  if (!old && ours.empty()) return {};
  const mode_t mask = umask(077);
  auto written = stream::replace_file(target, with_part(old ? *old : "", ours));
  umask(mask);
  if (written && chmod(target.c_str(), 0600) != 0)
    return fail(io_error("chmod " + target.string(), errno));
  return written;
}

Result<bool> refresh_clients(const Kept& before, const Kept& next) {
  SLUICE_ASSIGN(const auto services, service_file());
  SLUICE_ASSIGN(const auto passwords, password_file());
  SLUICE_ASSIGN(const auto told, part_of(services));
  SLUICE_ASSIGN(const auto shown, part_of(passwords));
  const bool with_secret = shown.find(before.secret.reveal()) != std::string::npos;
  if (told.empty() || (!with_secret && told != service_lines(before))) return false;
  SLUICE_TRY(replace_part(services, service_lines(next)));
  SLUICE_TRY(replace_part(passwords, password_lines(next)));
  return true;
}

}  // namespace sluice::cli
