// HTTP/1.1 as whoever answers sees it: requests that are whole, and answers in one piece or many.
//
//   HttpServer: bytes -> HttpRequest -> HttpService::on_request(exchange)
//     exchange.answer(...)                                     the answer in one piece, or
//     exchange.begin(...) -> write(...) ... -> end()           while has_room(); see on_room()
//     on_abandoned(): the client is gone, nothing is to be called any more
//
// The connection does the rest: limits, keep-alive, HEAD, chunks or a length, compression, the
// order of pipelined requests (one at a time), the end of connections. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/stream/listener_identity.h"
#include "net/stream/stream.h"

namespace lepus::net {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;  ///< As it came: "GET". A HEAD is given to the service as "GET".
  std::string path;    ///< As it came, before '?'; percent-encoded: "/api/queues/%2F".
  std::string query;   ///< As it came, behind '?'; empty: none.
  HttpHeaders headers;
  std::string body;
  const io::PeerName* peer = nullptr;
  const ConnectionSecurity* security = nullptr;
  const ListenerIdentity* listener = nullptr;

  /// The first of this name, in any case; empty: there is none.
  std::string_view header(std::string_view name) const;
};

/// "%2F" becomes '/', and with `plus_is_space` '+' a space. False: not valid, `out` is undefined.
[[nodiscard]] bool percent_decode(std::string_view text, std::string& out,
                                  bool plus_is_space = false);
std::string percent_encode(std::string_view text);

/// Who makes the answer of one exchange, when that takes longer than on_request().
struct HttpAnswerer {
  /// has_room() is true again. May be called more often than needed.
  virtual void on_room() {}
  /// The connection is gone: the exchange must not be used from now on.
  virtual void on_abandoned() = 0;

 protected:
  ~HttpAnswerer() = default;
};

/// One request and its answer. Exists until the answer has ended or on_abandoned().
class HttpExchange {
 public:
  HttpExchange() = default;
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  virtual const HttpRequest& request() const = 0;
  /// Needed by whoever does not answer within on_request(); lives until the answer ended or
  /// on_abandoned().
  virtual void set_answerer(HttpAnswerer* answerer) = 0;

  /// The whole answer. Content-Length, Date, Connection and the like come by themselves, the
  /// content type does not. The exchange is gone after this call.
  virtual void answer(unsigned status, const HttpHeaders& headers, std::string body) = 0;
  /// An answer in pieces of unknown length.
  virtual void begin(unsigned status, const HttpHeaders& headers) = 0;
  virtual void write(std::string_view piece) = 0;
  /// The exchange is gone after this call.
  virtual void end() = 0;
  /// Something went wrong in the middle of an answer that has begun: the connection is cut, so the
  /// client sees that it is not whole. The exchange is gone after this call.
  virtual void fail() = 0;
  /// What was written is not more than the connection's share; else wait for on_room().
  virtual bool has_room() const = 0;

 protected:
  ~HttpExchange() = default;
};

class HttpService {
 public:
  /// Called once per request, from completions and at most so many times a turn.
  virtual void on_request(HttpExchange& exchange) = 0;

 protected:
  ~HttpService() = default;
};

}  // namespace lepus::net
