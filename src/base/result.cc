#include "base/result.h"

#include <system_error>

namespace sluice {

Error io_error(std::string_view what, int error_number) {
  return Error{ErrorCode::kIo,
               std::string(what) + ": " + std::generic_category().message(error_number)};
}

}  // namespace sluice
