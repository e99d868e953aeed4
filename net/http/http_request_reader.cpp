// See http_request_reader.h.
#include "net/http/http_request_reader.h"

#include <algorithm>
#include <optional>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "core/base/assert.h"
#include "core/limits/http.h"

namespace lepus::net {

namespace {

namespace beast = boost::beast;
using beast::http::error;
namespace limits = core::limits;

constexpr HttpRefusal bad_syntax{400, "bad_request", "the request is not valid HTTP/1.1"};
constexpr HttpRefusal uri_too_long{414, "uri_too_long", "the request line is too long"};
constexpr HttpRefusal head_too_large{431, "header_too_large", "the header is too large"};
constexpr HttpRefusal body_too_large{413, "payload_too_large",
                                     "the body is larger than management.http.max_body_size"};
constexpr HttpRefusal bad_version{505, "version_not_supported",
                                  "the version is neither HTTP/1.1 nor HTTP/1.0"};
constexpr HttpRefusal no_host{400, "bad_request", "HTTP/1.1 needs exactly one field Host"};
constexpr HttpRefusal bad_coding{501, "not_implemented",
                                 "of transfer codings only chunked is there"};
constexpr HttpRefusal bad_framing{400, "bad_request",
                                  "the length of the body is not clear: Content-Length or "
                                  "Transfer-Encoding"};
constexpr HttpRefusal bad_expectation{417, "expectation_failed",
                                      "of expectations only 100-continue is known"};

/// "0", and two ends of lines.
constexpr std::size_t last_chunk_size = 5;

/// What Beast says, as what the client is told.
HttpRefusal refusal_of(const beast::error_code& code) {
  if (code == error::header_limit) return head_too_large;
  if (code == error::body_limit) return body_too_large;
  if (code == error::bad_version) return bad_version;
  if (code == error::bad_content_length || code == error::multiple_content_length ||
      code == error::bad_transfer_encoding)
    return bad_framing;
  return bad_syntax;
}

/// A first line like "GET / HTTP/1.1", whatever the version.
bool names_http(std::string_view line) {
  return std::count(line.begin(), line.end(), ' ') == 2 &&
         line.find(" HTTP/") != std::string_view::npos;
}

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

/// Collects what Beast finds.
class HttpRequestReader::Parser final : public beast::http::basic_parser<true> {
 public:
  Parser(HttpRequest& request, std::size_t body_size_max) : request_(request) {
    header_limit(static_cast<std::uint32_t>(limits::http_head_max));
    body_limit(body_size_max);
  }

  std::string target;
  int version = 0;
  std::size_t field_count = 0;
  std::size_t host_count = 0;
  bool has_other_coding = false;  ///< A transfer coding that is not just "chunked".

 private:
  using Code = beast::error_code;
  using Text = beast::string_view;

  void on_request_impl(beast::http::verb, Text method, Text text, int number, Code& code) override {
    code = {};
    request_.method = view(method);
    target = view(text);
    version = number;
  }
  void on_response_impl(int, Text, int, Code&) override { CHECK(false); }
  void on_field_impl(beast::http::field field, Text name, Text value, Code& code) override {
    code = {};
    if (++field_count > limits::http_fields_max) {
      code = error::header_limit;
      return;
    }
    if (is_trailer_) return;
    if (field == beast::http::field::host) ++host_count;
    if (field == beast::http::field::transfer_encoding)
      has_other_coding |= !is_same_word(view(value), "chunked");
    request_.headers.emplace_back(view(name), view(value));
  }
  void on_header_impl(Code& code) override {
    code = {};
    is_trailer_ = true;
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Code& code) override { code = {}; }
  std::size_t on_body_impl(Text body, Code& code) override {
    code = {};
    request_.body += view(body);
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, Text, Code& code) override { code = {}; }
  std::size_t on_chunk_body_impl(std::uint64_t, Text body, Code& code) override {
    code = {};
    request_.body += view(body);
    return body.size();
  }
  void on_finish_impl(Code& code) override { code = {}; }

  HttpRequest& request_;
  bool is_trailer_ = false;  ///< Fields that come now are behind the body.
};

HttpRequestReader::HttpRequestReader(std::size_t body_size_max) : body_size_max_(body_size_max) {}

HttpRequestReader::~HttpRequestReader() = default;

void HttpRequestReader::fail(HttpRefusal refusal) {
  state_ = State::failed;
  refusal_ = refusal;
  parser_.reset();
}

void HttpRequestReader::reset() {
  state_ = State::empty;
  parser_.reset();
  request_.method.clear();
  request_.path.clear();
  request_.query.clear();
  request_.headers.clear();
  request_.body = {};
  framing_ = {};
  expects_continue_ = false;
}

std::size_t HttpRequestReader::read(std::string_view bytes) {
  std::size_t skipped = 0;
  switch (state_) {
    case State::empty:
      // Empty lines before a request are allowed: old clients send them behind a body.
      while (skipped < bytes.size() && (bytes[skipped] == '\r' || bytes[skipped] == '\n'))
        ++skipped;
      if (skipped == bytes.size()) return skipped;
      state_ = State::head;
      parser_ = std::make_unique<Parser>(request_, body_size_max_);
      [[fallthrough]];
    case State::head:
      return skipped + read_head(bytes.substr(skipped));
    case State::body:
      return read_body(bytes);
    case State::complete:
    case State::failed:
      return 0;
  }
  CHECK(false);
  return 0;
}

std::size_t HttpRequestReader::read_head(std::string_view bytes) {
  const std::string_view first = bytes.substr(0, limits::http_request_line_max);
  const std::size_t end = first.find('\n');
  if (end == std::string_view::npos && first.size() == limits::http_request_line_max) {
    fail(uri_too_long);
    return bytes.size();
  }
  if (end != std::string_view::npos && !first.substr(0, end).ends_with('\r')) {
    fail(bad_syntax);
    return bytes.size();
  }
  beast::error_code code;
  const std::size_t used =
      parser_->put(boost::asio::const_buffer{bytes.data(), bytes.size()}, code);
  if (code && code != error::need_more) {
    fail(names_http(first.substr(0, end)) ? refusal_of(code) : bad_syntax);
    return bytes.size();
  }
  if (parser_->is_header_done()) check_head();
  return used;
}

/// The first line and the fields are there.
void HttpRequestReader::check_head() {
  const bool is_1_0 = parser_->version == 10;
  framing_.is_http_1_0 = is_1_0;
  framing_.keeps_alive = parser_->keep_alive();
  framing_.coding = accepted_coding(request_.header("Accept-Encoding"));
  if (parser_->has_other_coding) return fail(bad_coding);
  if (is_1_0 && parser_->chunked()) return fail(bad_framing);
  if (parser_->host_count > 1 || (!is_1_0 && parser_->host_count == 0)) return fail(no_host);
  const std::string_view expectation = request_.header("Expect");
  if (!is_1_0 && !expectation.empty()) {
    if (!is_same_word(expectation, "100-continue")) return fail(bad_expectation);
    expects_continue_ = true;
  }
  take_target(parser_->target);
  if (state_ == State::failed) return;
  framing_.is_head = request_.method == "HEAD";
  if (framing_.is_head) request_.method = "GET";
  state_ = parser_->is_done() ? State::complete : State::body;
}

/// "/path?query", "http://host/path?query" or "*".
void HttpRequestReader::take_target(std::string_view target) {
  if (target.size() > limits::http_request_line_max) return fail(uri_too_long);
  target = target.substr(0, target.find('#'));
  if (const std::size_t scheme = target.find("://");
      scheme != std::string_view::npos && !target.starts_with('/')) {
    target.remove_prefix(scheme + 3);
    target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
  }
  const std::size_t end = std::min(target.find('?'), target.size());
  request_.path = target.substr(0, end);
  if (request_.path.empty()) request_.path = "/";
  request_.query = end < target.size() ? target.substr(end + 1) : std::string_view{};
}

/// The last chunk has five bytes, and Beast asserts that it has them all once it has seen its line.
std::size_t HttpRequestReader::read_body(std::string_view bytes) {
  const std::size_t size_min = parser_->chunked() ? last_chunk_size : 1;
  std::size_t used = 0;
  while (bytes.size() - used >= size_min && !parser_->is_done()) {
    beast::error_code code;
    const std::size_t part =
        parser_->put(boost::asio::const_buffer{bytes.data() + used, bytes.size() - used}, code);
    used += part;
    if (code && code != error::need_more) {
      fail(refusal_of(code));
      return bytes.size();
    }
    if (part == 0) break;
  }
  if (parser_->is_done()) {
    state_ = State::complete;
    expects_continue_ = false;
  } else if (bytes.size() - used > limits::http_chunk_line_max) {
    fail(bad_syntax);
    return bytes.size();
  }
  return used;
}

}  // namespace lepus::net
