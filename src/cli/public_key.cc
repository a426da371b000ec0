#include "cli/public_key.h"

#include <cctype>
#include <filesystem>

#include "audit/tree_files.h"

namespace sluice::cli {

Result<tlog::VerifierKey> public_key(const std::string& text) {
  std::error_code error;
  if (!std::filesystem::exists(text, error)) return tlog::VerifierKey::parse(text);
  SLUICE_ASSIGN(std::string content, audit::read_file(text));
  while (!content.empty() && std::isspace(static_cast<unsigned char>(content.back()))) {
    content.pop_back();
  }
  return tlog::VerifierKey::parse(content);
}

}  // namespace sluice::cli
