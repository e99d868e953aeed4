// Bytes in, one request out: a thin wall around Boost.Beast's parser, which nobody else includes.
//
//   empty -> head -> body -> complete --take()--> empty        any -> failed
//
// Lines may end in CRLF only, a length and chunks exclude each other, and what comes behind the
// message stays with the caller: nothing that two servers could read in two ways is taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/http/http_service.h"
#include "net/http/http_text.h"

namespace lepus::net {

/// What the header says about how to answer.
struct HttpFraming {
  bool is_http_1_0 = false;
  bool is_head = false;
  bool keeps_alive = false;
  HttpCoding coding = HttpCoding::identity;  ///< The best that the client takes.
};

/// Why a request is refused.
struct HttpRefusal {
  unsigned status;
  std::string_view error;   ///< Static text, a word as in "bad_request".
  std::string_view reason;  ///< Static text.
};

class HttpRequestReader {
 public:
  enum class State : std::uint8_t { empty, head, body, complete, failed };

  explicit HttpRequestReader(std::size_t body_size_max);
  ~HttpRequestReader();
  HttpRequestReader(const HttpRequestReader&) = delete;
  HttpRequestReader& operator=(const HttpRequestReader&) = delete;

  /// For bodies to come.
  void set_body_size_max(std::size_t size) { body_size_max_ = size; }
  /// Reads up to the end of one request, and of its header: the caller calls again for the body.
  /// Returns how many bytes it used; those that it did not, come again with more behind them.
  std::size_t read(std::string_view bytes);

  State state() const { return state_; }
  /// From State::body on. The body is whole when the state is complete.
  const HttpRequest& request() const { return request_; }
  HttpRequest& request() { return request_; }
  const HttpFraming& framing() const { return framing_; }
  /// Of the body, so far.
  std::size_t body_size() const { return request_.body.size(); }
  /// The client waits for "100 Continue" before it sends the body.
  bool expects_continue() const { return expects_continue_; }
  /// In State::failed.
  const HttpRefusal& refusal() const { return refusal_; }
  void fail(HttpRefusal refusal);
  /// The next request may come.
  void reset();

 private:
  class Parser;

  std::size_t read_head(std::string_view bytes);
  std::size_t read_body(std::string_view bytes);
  void check_head();
  void take_target(std::string_view target);

  std::size_t body_size_max_;
  State state_ = State::empty;
  std::unique_ptr<Parser> parser_;  ///< Null between requests.
  HttpRequest request_;
  HttpFraming framing_;
  bool expects_continue_ = false;
  HttpRefusal refusal_{};
};

}  // namespace lepus::net
