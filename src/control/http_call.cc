#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "control/http_server.h"

namespace sluice::control {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using error_code = boost::system::error_code;

Result<HttpResponse> http_call(const std::filesystem::path& socket, const HttpRequest& request) {
  asio::io_context context;
  beast::basic_stream<asio::local::stream_protocol> stream(context);
  http::request<http::string_body> message(http::string_to_verb(request.method), request.path, 11);
  message.set(http::field::host, "localhost");
  if (!request.authorization.empty())
    message.set(http::field::authorization, request.authorization);
  message.body() = request.body;
  message.prepare_payload();
  beast::flat_buffer buffer;
  http::response<http::string_body> response;
  error_code result = asio::error::would_block;
  stream.expires_after(std::chrono::seconds(30));
  stream.async_connect(asio::local::stream_protocol::endpoint(socket.string()),
                       [&](error_code error) {
                         result = error;
                         if (error) return;
                         http::async_write(stream, message, [&](error_code failed, size_t) {
                           result = failed;
                           if (failed) return;
                           http::async_read(stream, buffer, response,
                                            [&](error_code broken, size_t) { result = broken; });
                         });
                       });
  context.run();
  if (result) {
    return fail(ErrorCode::kUnavailable, "cannot reach the gateway at " + socket.string() + " (" +
                                             result.message() +
                                             "); is it running? Start it with: sluice serve");
  }
  return HttpResponse{static_cast<int>(response.result_int()),
                      std::string(response[http::field::content_type]), std::move(response.body())};
}

}  // namespace sluice::control
