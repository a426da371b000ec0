#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace sluice {

/// What kind of thing went wrong; mapped to an SQLSTATE, exit code or HTTP status only at the edge.
enum class ErrorCode : uint8_t {
  kInvalidInput,    ///< The caller, a file or a peer gave something malformed.
  kProtocol,        ///< A peer broke its protocol; the connection cannot go on.
  kAuthentication,  ///< Somebody could not prove who they are.
  kDenied,          ///< Understood and refused.
  kNotFound,
  kExists,
  kLimit,        ///< A configured or built-in bound was reached.
  kUnavailable,  ///< A peer, file or service cannot be used now.
  kTimeout,
  kIo,        ///< The operating system refused; `text` carries errno's meaning.
  kInternal,  ///< Our own bug.
};

/// An error meant to be read: `text` says what happened and, where known, what to do next.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string text;

  /// Returns the same error with `context` put before its text.
  Error within(std::string_view context) && {
    text.insert(0, std::string(context) + ": ");
    return std::move(*this);
  }
};

template <typename T = void>
using Result = tl::expected<T, Error>;

/// Shorthand for `return fail(ErrorCode::kIo, "...")`.
inline tl::unexpected<Error> fail(ErrorCode code, std::string text) {
  return tl::unexpected<Error>(Error{code, std::move(text)});
}

/// Hands an existing error on.
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

/// An I/O error from errno: "open /x: No such file or directory".
Error io_error(std::string_view what, int error_number);

}  // namespace sluice

#define SLUICE_CONCAT_INNER(a, b) a##b
#define SLUICE_CONCAT(a, b) SLUICE_CONCAT_INNER(a, b)

/// `SLUICE_TRY(expr);` returns the error of a Result<void> expression.
#define SLUICE_TRY(expr)                                                                 \
  if (auto SLUICE_CONCAT(result_, __LINE__) = (expr); !SLUICE_CONCAT(result_, __LINE__)) \
  return ::tl::unexpected<::sluice::Error>(std::move(SLUICE_CONCAT(result_, __LINE__)).error())

/// `SLUICE_ASSIGN(auto x, expr);` unwraps a Result or returns its error.
#define SLUICE_ASSIGN(lhs, expr)                                                                   \
  auto SLUICE_CONCAT(result_, __LINE__) = (expr);                                                  \
  if (!SLUICE_CONCAT(result_, __LINE__))                                                           \
    return ::tl::unexpected<::sluice::Error>(std::move(SLUICE_CONCAT(result_, __LINE__)).error()); \
  lhs = std::move(*SLUICE_CONCAT(result_, __LINE__))
