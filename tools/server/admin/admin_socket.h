// The transport for lepusctl: a unix socket, one JSON object a line in each direction.
//
//   -> {"verb":"list_queues","vhost":"/","columns":["name"],"arguments":[],"options":{}}
//   <- {"rows":[["q1"],["q2"]]}         as often as there are pieces
//   <- {"done":{"count":2}}             or {"error":{"fault":"not_found","text":"..."}}
//
// Only root and the user the broker runs as are served, whoever else may reach the file. The
// requests of one session are answered in order, one at a time. Admin thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "core/base/log_gate.h"
#include "net/stream/listener.h"
#include "net/stream/stream_set.h"
#include "tools/server/admin/admin.h"

namespace lepus::server {

class AdminSocket final : public AdminTransport, public net::Acceptor {
 public:
  struct Parts {
    io::Loop* loop;
    Admin* admin;
    core::Log* log;
    std::uint32_t user;     ///< That the broker runs as.
    std::string user_name;  ///< Of this user.
  };
  /// Takes `fd` over, a listening unix socket.
  AdminSocket(const Parts& parts, int fd);
  /// After stop(), and when the loop has no op in flight.
  ~AdminSocket() override;

  void start() { listener_->start(); }
  /// Closes everything; whoever waits for the end of the broker sees it.
  void stop() override;

  bool work() override;
  bool has_work() const override;
  void flush() override;

 private:
  class Session;
  void on_accept(std::unique_ptr<net::Stream> stream,
                 const net::ListenerIdentity& listener) override;
  void on_accept_error(int error_code) override;
  void on_listener_closed() override {}
  void destroy_later(Session& session, std::unique_ptr<net::Stream> stream);

  Parts parts_;
  core::LogGate accept_errors_;
  net::StreamSet streams_;
  std::unique_ptr<net::Listener> listener_;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<std::unique_ptr<Session>> destroyed_later_;
};

/// A request line as what it asks. Empty, or what is wrong with it.
[[nodiscard]] std::string parse_admin_request(std::string_view line, AdminRequest& request);

}  // namespace lepus::server
