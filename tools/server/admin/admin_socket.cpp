// See admin_socket.h.
//
//   session: reading -> (a whole line) -> answering -> reading ...      any -> ended
#include "tools/server/admin/admin_socket.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "core/limits.h"

namespace lepus::server {

using core::LogCategory;
using core::LogLevel;

namespace {

std::string read_texts(simdjson::dom::object root, std::string_view name,
                       std::vector<std::string>& out) {
  simdjson::dom::element list;
  if (root[name].get(list) != simdjson::SUCCESS) return {};
  simdjson::dom::array array;
  if (list.get(array) != simdjson::SUCCESS) return fmt::format("{}: expected a list", name);
  for (const simdjson::dom::element element : array) {
    std::string_view text;
    if (element.get(text) != simdjson::SUCCESS) return fmt::format("{}: expected texts", name);
    out.emplace_back(text);
  }
  return {};
}

std::string read_options(simdjson::dom::object root, AdminRequest& request) {
  simdjson::dom::element options;
  if (root["options"].get(options) != simdjson::SUCCESS) return {};
  simdjson::dom::object object;
  if (options.get(object) != simdjson::SUCCESS) return "options: expected an object";
  for (const simdjson::dom::key_value_pair pair : object) {
    std::string_view text;
    if (pair.value.get(text) != simdjson::SUCCESS) return "options: expected texts";
    request.options[std::string{pair.key}] = text;
  }
  return {};
}

}  // namespace

std::string parse_admin_request(std::string_view line, AdminRequest& request) {
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  if (parser.parse(line.data(), line.size()).get(root) != simdjson::SUCCESS)
    return "a request is one JSON object in one line";
  std::string_view text;
  if (root["verb"].get(text) != simdjson::SUCCESS) return "verb: expected a text";
  request.verb = text;
  simdjson::dom::element vhost;
  if (root["vhost"].get(vhost) == simdjson::SUCCESS) {
    if (vhost.get(text) != simdjson::SUCCESS) return "vhost: expected a text";
    request.vhost = text;
  }
  std::string error = read_texts(root, "columns", request.columns);
  if (error.empty()) error = read_texts(root, "arguments", request.arguments);
  if (error.empty()) error = read_options(root, request);
  return error;
}

class AdminSocket::Session final : public net::StreamHandler, public AdminSink {
 public:
  Session(AdminSocket& transport, std::unique_ptr<net::Stream> stream)
      : socket_(transport), stream_(std::move(stream)) {
    stream_->start(*this);
    const auto user = stream_->peer().user;
    if (user && (*user == 0 || *user == socket_.parts_.user)) {
      by_ = *user == 0 ? std::string("uid 0 (root)")
                       : fmt::format("uid {} ({})", *user, socket_.parts_.user_name);
      return;
    }
    socket_.parts_.log->write(LogLevel::warning, LogCategory::general, "operator refused",
                              {{"uid", user.value_or(UINT32_MAX)}});
    on_error({AdminFault::refused,
              fmt::format("only root and the broker's own user (uid {}) may do this",
                          socket_.parts_.user)});
    end();
  }

  bool has_request() const {
    return !answering_ && line_end_ != std::string::npos && stream_->is_open() && !ending_;
  }
  void start_request() {
    AdminRequest request;
    const std::string error = parse_admin_request({input_.data(), line_end_}, request);
    input_.erase(0, line_end_ + 1);
    line_end_ = input_.find('\n');
    if (!error.empty()) return on_error({AdminFault::usage, error});
    answering_ = true;
    request.by = by_;
    request.via = "socket";
    number_ = socket_.parts_.admin->start(std::move(request), *this);
  }
  void close() { stream_->close(); }

 private:
  // AdminSink
  void on_rows(std::string_view rows) override {
    put("{\"rows\":");
    put(rows);
    put("}\n");
  }
  void on_done(std::string_view result) override {
    answering_ = false;
    put("{\"done\":");
    put(result);
    put("}\n");
  }
  void on_error(const AdminError& error) override {
    answering_ = false;
    JsonWriter json;
    json.begin_object();
    json.key("error");
    json.begin_object();
    json.field("fault", fault_name(error.fault));
    json.field("text", error.text);
    json.end_object();
    json.end_object();
    put(json.take() + "\n");
  }
  bool has_room() const override { return stream_->out().size() < core::limits::admin_output_high; }
  void put(std::string_view text) {
    if (!stream_->is_open()) return;
    stream_->out().append(core::as_bytes(text));
    stream_->touch();
  }

  // StreamHandler
  void on_bytes(core::Bytes bytes) override {
    if (ending_) return;
    if (input_.size() + bytes.size() > core::limits::admin_line_max) {
      on_error({AdminFault::usage, "the request is too long"});
      return end();
    }
    const std::size_t known = input_.size();
    input_ += core::as_text(bytes);
    if (line_end_ == std::string::npos) line_end_ = input_.find('\n', known);
  }
  void on_peer_closed() override { stream_->close(); }
  void on_sent() override {}
  void on_closed(std::string_view) override {
    if (number_) socket_.parts_.admin->cancel(*number_);
    socket_.destroy_later(*this, std::move(stream_));
  }
  void end() {
    ending_ = true;
    stream_->finish(core::limits::close_ok_wait);
  }

  AdminSocket& socket_;
  std::unique_ptr<net::Stream> stream_;
  std::string by_;  ///< Who is on the other side, for the log.
  std::string input_;
  std::size_t line_end_ = std::string::npos;  ///< Of the first line in input_.
  std::optional<std::uint32_t> number_;       ///< Of the last request.
  bool answering_ = false;
  bool ending_ = false;
};

AdminSocket::AdminSocket(const Parts& parts, int fd)
    : parts_(parts),
      streams_(*parts.loop),
      listener_(std::make_unique<net::Listener>(streams_, net::Listening{{}, fd}, *this)) {
  parts_.admin->add_transport(*this);
}

AdminSocket::~AdminSocket() { CHECK(sessions_.empty()); }

void AdminSocket::stop() {
  listener_->stop();
  for (const auto& session : sessions_) session->close();
}

void AdminSocket::on_accept(std::unique_ptr<net::Stream> stream, const net::ListenerIdentity&) {
  sessions_.push_back(std::make_unique<Session>(*this, std::move(stream)));
}

void AdminSocket::on_accept_error(int error_code) {
  const std::uint64_t count = accept_errors_.admit(parts_.loop->now());
  if (count == 0) return;
  parts_.log->write(LogLevel::error, LogCategory::general,
                    "cannot accept a connection of the operator",
                    {{"error", std::strerror(error_code)}, {"count", count}});
}

bool AdminSocket::work() {
  bool worked = false;
  for (const auto& session : sessions_) {
    if (!session->has_request()) continue;
    session->start_request();
    worked = true;
  }
  return worked;
}

bool AdminSocket::has_work() const {
  return std::any_of(sessions_.begin(), sessions_.end(),
                     [](const auto& session) { return session->has_request(); });
}

void AdminSocket::flush() {
  destroyed_later_.clear();
  streams_.flush();
}

void AdminSocket::destroy_later(Session& session, std::unique_ptr<net::Stream> stream) {
  const auto found = std::find_if(sessions_.begin(), sessions_.end(),
                                  [&](const auto& one) { return one.get() == &session; });
  CHECK(found != sessions_.end());
  destroyed_later_.push_back(std::move(*found));
  sessions_.erase(found);
  streams_.destroy_later(std::move(stream));
}

}  // namespace lepus::server
