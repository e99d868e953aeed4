// See http_answer.h.
#include "net/http/http_answer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/assert.h"
#include "core/limits/http.h"

namespace lepus::net {

namespace limits = core::limits;

namespace {

bool has_body(unsigned status) { return status >= 200 && status != 204 && status != 304; }

/// A field's text may come from a client: it must not begin another line.
void append_field(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += ": ";
  for (const char c : value) head += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
  head += "\r\n";
}

/// Once a second.
const std::string& date_text(HttpShared& shared) {
  const std::int64_t now_s = (shared.loop->now() + shared.loop->wall_offset()) / core::nanos_per_s;
  if (now_s != shared.date_s) {
    shared.date_s = now_s;
    shared.date = http_date(now_s);
  }
  return shared.date;
}

}  // namespace

HttpAnswer::~HttpAnswer() { CHECK(state_ == State::closed); }

void HttpAnswer::start(const HttpRequest& request, const HttpFraming& framing) {
  CHECK(state_ == State::closed);
  state_ = State::open;
  request_ = &request;
  framing_ = framing;
  framing_.keeps_alive &= !shared_.is_stopping;
}

const HttpRequest& HttpAnswer::request() const {
  CHECK(request_ != nullptr);
  return *request_;
}

void HttpAnswer::set_answerer(HttpAnswerer* answerer) {
  CHECK(is_with_service());
  answerer_ = answerer;
}

// ---- What the service calls ----

void HttpAnswer::answer(unsigned status, const HttpHeaders& headers, std::string body) {
  CHECK(state_ == State::open);
  CHECK(has_body(status) || body.empty());
  state_ = State::whole;
  answerer_ = nullptr;
  std::size_t size = body.size();
  HttpTransfer transfer = HttpTransfer::length;
  if (framing_.is_head) {
    body.clear();
  } else if (size >= limits::http_compress_min && writer_.compress(choose_coding(headers))) {
    if (size <= limits::http_slice_size) {
      writer_.compress_at_once(body);
      size = body.size();
    } else {
      transfer = unknown_length();
    }
  }
  writer_.begin(transfer);
  put_head(status, headers, size);
  body_ = std::move(body);
  body_begin_ = 0;
  put_slices();
}

void HttpAnswer::begin(unsigned status, const HttpHeaders& headers) {
  CHECK(state_ == State::open);
  state_ = State::pieces;
  if (framing_.is_head || !has_body(status)) {
    writer_.begin(HttpTransfer::none);
  } else {
    (void)writer_.compress(choose_coding(headers));
    writer_.begin(unknown_length());
  }
  put_head(status, headers, 0);
  stream_.touch();
}

void HttpAnswer::write(std::string_view piece) {
  CHECK(state_ == State::pieces);
  writer_.put(piece);
  stream_.touch();
}

void HttpAnswer::end() {
  CHECK(state_ == State::pieces);
  close();
}

void HttpAnswer::fail() {
  CHECK(is_with_service());
  answerer_ = nullptr;
  abandon();
  watcher_.on_answer_failed();
}

bool HttpAnswer::has_room() const {
  return stream_.is_open() && stream_.pending_bytes() < limits::http_output_high;
}

// ---- What the connection calls ----

void HttpAnswer::on_sent() {
  if (state_ == State::whole) return put_slices();
  if (answerer_ == nullptr || !stream_.is_open()) return;
  if (stream_.pending_bytes() <= limits::http_output_low) answerer_->on_room();
}

void HttpAnswer::abandon() {
  HttpAnswerer* const answerer = std::exchange(answerer_, nullptr);
  state_ = State::closed;
  request_ = nullptr;
  writer_.reset();
  body_ = {};
  if (answerer != nullptr) answerer->on_abandoned();
}

void HttpAnswer::refuse(const HttpRefusal& refusal) {
  CHECK(state_ == State::closed);
  framing_ = {};
  const std::string body = http_error_body(refusal.error, refusal.reason);
  writer_.begin(HttpTransfer::length);
  put_head(refusal.status, {{"content-type", "application/json"}}, body.size());
  writer_.put(body);
  writer_.end();
  stream_.touch();
}

// ---- The bytes ----

HttpCoding HttpAnswer::choose_coding(const HttpHeaders& headers) const {
  const std::string* type = find_http_field(headers, "Content-Type");
  if (type == nullptr || !is_compressible(*type)) return HttpCoding::identity;
  if (find_http_field(headers, "Content-Encoding") != nullptr) return HttpCoding::identity;
  return framing_.coding;
}

HttpTransfer HttpAnswer::unknown_length() const {
  return framing_.is_http_1_0 ? HttpTransfer::until_close : HttpTransfer::chunks;
}

void HttpAnswer::put_head(unsigned status, const HttpHeaders& headers, std::size_t size) {
  const HttpTransfer transfer = writer_.transfer();
  if (transfer == HttpTransfer::until_close) framing_.keeps_alive = false;
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", status, http_reason(status));
  for (const auto& [name, value] : headers) append_field(head, name, value);
  append_field(head, "date", date_text(shared_));
  append_field(head, "server", "Lepus");
  if (writer_.coding() != HttpCoding::identity)
    append_field(head, "content-encoding", http_coding_name(writer_.coding()));
  const std::string* type = find_http_field(headers, "Content-Type");
  if (type != nullptr && is_compressible(*type)) append_field(head, "vary", "accept-encoding");
  if (transfer == HttpTransfer::length && has_body(status))
    append_field(head, "content-length", std::to_string(size));
  if (transfer == HttpTransfer::chunks) append_field(head, "transfer-encoding", "chunked");
  if (!framing_.keeps_alive) {
    append_field(head, "connection", "close");
  } else if (framing_.is_http_1_0) {
    append_field(head, "connection", "keep-alive");
  }
  head += "\r\n";
  writer_.put_raw(head);
}

/// Of a whole body, as much as there is room for.
void HttpAnswer::put_slices() {
  CHECK(state_ == State::whole);
  while (body_begin_ < body_.size()) {
    if (!has_room()) return stream_.touch();
    const std::string_view slice =
        std::string_view(body_).substr(body_begin_, limits::http_slice_size);
    body_begin_ += slice.size();
    writer_.put(slice);
  }
  close();
}

/// All of the body was given.
void HttpAnswer::close() {
  writer_.end();
  stream_.touch();
  answerer_ = nullptr;
  abandon();
  watcher_.on_answered();
}

}  // namespace lepus::net
