#include "control/console_files.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "control/problem.h"

namespace sluice::control {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostBytes = size_t{32} << 20;

constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".txt", "text/plain; charset=utf-8"},
};

std::string_view type_of(const fs::path& path) {
  for (const auto& [ending, type] : kTypes) {
    if (path.extension() == ending) return type;
  }
  return "application/octet-stream";
}

Result<std::string> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in.good() && !in.eof()) return fail(ErrorCode::kIo, "cannot read " + path.string());
  return bytes;
}

/// What belongs to others on this port.
bool somebody_elses(std::string_view path) {
  for (const std::string_view prefix :
       {"/api/", "/scim/", "/tlog/", "/mcp", "/models/", "/.well-known/", "/healthz", "/readyz",
        "/metrics", "/witness/"}) {
    if (path.starts_with(prefix)) return true;
  }
  return false;
}

}  // namespace

Result<ConsoleFiles> ConsoleFiles::load(const fs::path& folder) {
  ConsoleFiles out;
  size_t total = 0;
  std::error_code error;
  fs::recursive_directory_iterator each(folder, error);
  if (error) return fail(ErrorCode::kIo, "cannot read " + folder.string() + ": " + error.message());
  for (; each != fs::recursive_directory_iterator(); each.increment(error)) {
    if (error) return fail(ErrorCode::kIo, "cannot read " + folder.string());
    if (!each->is_regular_file()) continue;
    SLUICE_ASSIGN(auto bytes, read_file(each->path()));
    if ((total += bytes.size()) > kMostBytes)
      return fail(ErrorCode::kLimit, folder.string() + " is no folder of a console: it is too big");
    fs::path name = "/" + fs::relative(each->path(), folder).generic_string();
    if (name.extension() == ".gz") {
      out.files_[name.replace_extension("").string()].zipped = std::move(bytes);
      continue;
    }
    File& file = out.files_[name.string()];
    file.type = type_of(name);
    const auto digest = sha256(bytes);
    file.tag = fmt::format("\"{}\"", to_hex({digest.data(), 8}));
    file.bytes = std::move(bytes);
  }
  std::erase_if(out.files_, [](const auto& entry) { return entry.second.tag.empty(); });
  if (out.files_.contains("/index.html")) return out;
  return fail(ErrorCode::kNotFound, "there is no index.html in " + folder.string());
}

fs::path ConsoleFiles::find(const std::string& configured) {
  if (!configured.empty()) return configured;
  if (const char* given = std::getenv("SLUICE_CONSOLE"); given != nullptr) return given;
  std::error_code error;
  const fs::path binary = fs::read_symlink("/proc/self/exe", error);
  if (error) return {};
  const fs::path beside = binary.parent_path();
  // Of a build, build/PRESET/src/sluice; installed, bin/sluice.
  for (const char* place : {"../share/sluice/console", "../../../web/dist"}) {
    fs::path folder = (beside / place).lexically_normal();
    if (fs::exists(folder / "index.html", error)) return folder;
  }
  return {};
}

std::optional<HttpResponse> ConsoleFiles::answer(const HttpRequest& request) const {
  if (request.method != "GET" && request.method != "HEAD") return std::nullopt;
  const std::string_view path = std::string_view(request.path).substr(0, request.path.find('?'));
  if (somebody_elses(path)) return std::nullopt;
  if (const auto found = files_.find(path); found != files_.end())
    return send(request, found->second, path.starts_with("/assets/"));
  if (path.starts_with("/assets/")) return problem(404, "not found");
  return send(request, files_.find("/index.html")->second, false);
}

HttpResponse ConsoleFiles::send(const HttpRequest& request, const File& file, bool for_ever) const {
  HttpResponse response{200, file.type, {}};
  response.headers = {
      {"Cache-Control", for_ever ? "public, max-age=31536000, immutable" : "no-cache"},
      {"ETag", file.tag},
      {"Content-Security-Policy",
       "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
       "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"X-Frame-Options", "DENY"}};
  if (request.tls) response.headers["Strict-Transport-Security"] = "max-age=31536000";
  if (request.header("if-none-match") == file.tag) {
    response.status = 304;
    return response;
  }
  if (!file.zipped.empty()) response.headers["Vary"] = "Accept-Encoding";
  const bool zipped = !file.zipped.empty() &&
                      request.header("accept-encoding").find("gzip") != std::string_view::npos;
  if (zipped) response.headers["Content-Encoding"] = "gzip";
  response.body = zipped ? file.zipped : file.bytes;
  return response;
}

}  // namespace sluice::control
