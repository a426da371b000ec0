#include "cli/call_gateway.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "cli/elsewhere.h"
#include "config/config.h"
#include "control/api.h"

namespace sluice::cli {
namespace {

constexpr size_t kMostInput = 64UL * 1024 * 1024;

ErrorCode code_of(int status) {
  switch (status) {
    case 401:
      return ErrorCode::kAuthentication;
    case 400:
    case 413:
      return ErrorCode::kInvalidInput;
    case 403:
      return ErrorCode::kDenied;
    case 404:
      return ErrorCode::kNotFound;
    case 409:
      return ErrorCode::kExists;
    default:
      return ErrorCode::kUnavailable;
  }
}

}  // namespace

Result<boost::json::value> call_gateway(const Common& common, const std::string& method,
                                        const std::string& path, const std::string& body,
                                        const std::string& authorization) {
  if (authorization.empty() && is_elsewhere(common)) return call_elsewhere(method, path, body);
  SLUICE_ASSIGN(const auto config, config::load(common.config_file, false));
  SLUICE_ASSIGN(const auto response, control::http_call(control::control_socket(config.state),
                                                        {method, path, body, authorization}));
  boost::json::error_code error;
  auto value = boost::json::parse(response.body, error);
  if (error) return fail(ErrorCode::kUnavailable, "the gateway gave an answer that is not JSON");
  if (response.status >= 400) {
    const auto* title = value.is_object() ? value.get_object().if_contains("title") : nullptr;
    const auto* detail = value.is_object() ? value.get_object().if_contains("detail") : nullptr;
    std::string text = title != nullptr ? plain(*title) : "the gateway refused";
    if (detail != nullptr) text += ": " + plain(*detail);
    return fail(code_of(response.status), text);
  }
  return value;
}

Result<std::string> read_input(const std::string& file) {
  std::ifstream from_file;
  if (file != "-") {
    std::error_code error;
    if (std::filesystem::is_directory(file, error))
      return fail(ErrorCode::kInvalidInput, file + " is a folder, not a file");
    from_file.open(file, std::ios::binary);
    if (!from_file) {
      auto why = io_error("cannot read " + file, errno);
      why.code = ErrorCode::kInvalidInput;
      return fail(std::move(why));
    }
  }
  std::istream& in = file == "-" ? std::cin : from_file;
  std::string text;
  std::array<char, 1 << 16> part{};
  while (in.read(part.data(), part.size()) || in.gcount() > 0) {
    text.append(part.data(), static_cast<size_t>(in.gcount()));
    // A device may have no end.
    if (text.size() > kMostInput)
      return fail(ErrorCode::kInvalidInput, file + " is larger than 64 MiB: take it in parts");
  }
  if (in.bad()) return fail(ErrorCode::kInvalidInput, "cannot read " + file);
  return text;
}

}  // namespace sluice::cli
