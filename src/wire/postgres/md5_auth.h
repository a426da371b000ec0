#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sluice::wire::postgres {

/// The answer to AuthenticationMD5Password: "md5" + md5(md5(password + user) + salt).
std::string md5_response(std::string_view user, std::string_view password, Bytes salt);

}  // namespace sluice::wire::postgres
