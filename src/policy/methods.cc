#include "policy/methods.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/authentication.h"
#include "base/nearest.h"
#include "policy/names.h"

namespace sluice::policy {

std::string unknown_method(std::string_view word) {
  const std::string_view name = word.starts_with('!') ? word.substr(1) : word;
  const auto& methods = kAuthenticationMethods;
  const Glob wanted = Glob::plain(name);
  if (std::any_of(methods.begin(), methods.end(),
                  [&](std::string_view method) { return wanted.matches(method); }))
    return "";
  const std::string meant = nearest(name, {methods.begin(), methods.end()});
  return fmt::format("unknown authentication method \"{}\"; {}", word,
                     meant.empty() ? fmt::format("known are {}", fmt::join(methods, ", "))
                                   : fmt::format("did you mean \"{}\"?", meant));
}

}  // namespace sluice::policy
