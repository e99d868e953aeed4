// The ports of HTTP, on the admin thread: sockets, TLS, and for each door (management, prometheus)
// a server with limits of its own, so that neither keeps the other from answering.
//
//   socket -> TLS -> net::HttpServer of its door -> net::HttpService
//
// They are open also while clients of AMQP are kept out (stop_app).
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/base/log_gate.h"
#include "net/http/http_server.h"
#include "net/stream/socket_transport.h"
#include "tools/server/admin/admin.h"
#include "tools/server/listeners/accept_filters.h"

namespace lepus::server {

class HttpListeners final : public AdminTransport {
 public:
  /// All outlive this object.
  struct Parts {
    io::Loop* loop;
    core::Log* log;
    Admin* admin;  ///< Whose transport this becomes.
    net::HttpService* management;
    net::HttpService* prometheus;
    int descriptor_max;  ///< As of net::SocketTransport.
  };
  HttpListeners(const Parts& parts, const ServerConfig& config, HttpTls tls);
  /// After stop(), and when the loop has no op in flight.
  ~HttpListeners() override;

  /// From now on. Takes the sockets over.
  void listen(std::vector<net::Listening> listeners);
  /// For requests and connections to come.
  void set_config(const ServerConfig& config, HttpTls tls);
  std::size_t connection_count() const;

  bool work() override;
  bool has_work() const override;
  void flush() override;
  void stop() override;

 private:
  class Door;
  static void destroy_later(void* owner, std::unique_ptr<net::Stream> stream);

  core::Log* log_;
  net::SocketTransport transport_;
  std::unique_ptr<Door> management_;
  std::unique_ptr<Door> prometheus_;
  bool is_stopped_ = false;
};

}  // namespace lepus::server
