#include "control/http_call.h"

#include <chrono>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

#include "control/http_bounds.h"

namespace sluice::control {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using error_code = boost::system::error_code;

namespace {

constexpr auto kConnectTime = std::chrono::seconds(30);
constexpr auto kPatience = std::chrono::minutes(10);

Error not_connected(const std::filesystem::path& socket, const error_code& error) {
  if (error == asio::error::access_denied) {
    return {ErrorCode::kDenied,
            fmt::format("the gateway's socket {} is not for this user; ask over HTTP as yourself: "
                        "sluice login --gateway URL",
                        socket.string())};
  }
  return {ErrorCode::kUnavailable,
          fmt::format("cannot reach the gateway at {} ({}); is it running? Start it with: sluice "
                      "serve",
                      socket.string(), error.message())};
}

Error not_answered(const std::filesystem::path& socket, const error_code& error,
                   Duration patience) {
  if (error == beast::error::timeout) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience).count();
    return {ErrorCode::kTimeout,
            fmt::format("the gateway at {} has not answered for {} s; it may still be at it: see "
                        "its log before you try again",
                        socket.string(), seconds)};
  }
  return {ErrorCode::kUnavailable,
          fmt::format("the gateway at {} broke off before it had answered ({}); it may have done "
                      "what it was asked: see its log before you try again",
                      socket.string(), error.message())};
}

}  // namespace

Result<HttpResponse> http_call(const std::filesystem::path& socket, const HttpRequest& request) {
  return http_call(socket, request, kPatience);
}

Result<HttpResponse> http_call(const std::filesystem::path& socket, const HttpRequest& request,
                               Duration patience) {
  // Said here: the gateway would break off amid the sending.
  if (request.body.size() > kMaxBody) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("this is {} bytes to send, and the gateway reads {} MiB at most: make "
                            "it shorter, or more than one",
                            request.body.size(), kMaxBody / kMiB));
  }
  asio::io_context context;
  beast::basic_stream<asio::local::stream_protocol> stream(context);
  http::request<http::string_body> message(http::string_to_verb(request.method), request.path, 11);
  message.set(http::field::host, "localhost");
  if (!request.authorization.empty())
    message.set(http::field::authorization, request.authorization);
  message.body() = request.body;
  message.prepare_payload();
  beast::flat_buffer buffer;
  // Whoever may open the socket may hear all that is asked for.
  http::response_parser<http::string_body> parser;
  parser.body_limit(boost::none);
  error_code connected = asio::error::would_block, result;
  stream.expires_after(kConnectTime);
  stream.async_connect(asio::local::stream_protocol::endpoint(socket.string()),
                       [&](error_code error) {
                         connected = error;
                         if (error) return;
                         stream.expires_after(patience);
                         http::async_write(stream, message, [&](error_code failed, size_t) {
                           result = failed;
                           if (failed) return;
                           http::async_read(stream, buffer, parser,
                                            [&](error_code broken, size_t) { result = broken; });
                         });
                       });
  context.run();
  if (connected) return fail(not_connected(socket, connected));
  if (result) return fail(not_answered(socket, result, patience));
  auto response = parser.release();
  return HttpResponse{static_cast<int>(response.result_int()),
                      std::string(response[http::field::content_type]), std::move(response.body())};
}

}  // namespace sluice::control
