// The operator's side of a node: the admin thread with what the node can be told and asked there,
// and the socket that requests come in by. It has the configuration as it is now; the node itself
// goes by the one of its start, and is told of what changes by commands.
//
//   constructor, start(): before any thread runs        run_thread() .. join(): the admin thread's
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "io/kernel_driver.h"
#include "io/loop.h"
#include "tools/server/admin/admin.h"
#include "tools/server/admin/admin_socket.h"
#include "tools/server/admin_thread.h"
#include "tools/server/definitions/node_definitions.h"
#include "tools/server/http/node_http.h"
#include "tools/server/node_limits.h"

namespace lepus::server {

class Node;

class NodeAdmin final : private AdminHost {
 public:
  /// Before the node's control thread is made, for the mesh has this thread's loop then. `driver`
  /// is of that loop.
  NodeAdmin(Node& node, std::unique_ptr<io::Driver> driver, TlsSetup tls, HttpTls http_tls);
  ~NodeAdmin() override;

  /// Binds the socket and begins to serve it. Empty, or why not.
  [[nodiscard]] std::string start();
  /// Requests over HTTP are answered from these once the thread runs. Before start().
  void listen_http(std::vector<net::Listening> listeners) { http_->listen(std::move(listeners)); }
  void run_thread();
  /// After EndAdmin was sent, and when the control thread has seen the end.
  void join();

 private:
  const ServerConfig& config() const override { return config_; }
  Facts facts() const override;
  void set_memory_watermark(const MemoryWatermark& watermark) override;
  void set_disk_free_limit(const DiskFreeLimit& limit) override;
  std::string export_definitions(std::string& text) const override;
  Import read_import(const ImportText& input) override;
  ResumeOutcome resume(bool is_last_try) override;
  std::string set_log_level(std::string_view category, std::string_view level) override;
  std::string reload() override;
  std::string reopen_log() override;
  std::string reload_certificates() override;
  const TlsSetup& tls() const override { return tls_; }
  std::vector<const TlsSetup*> all_tls() const override;
  void pass_settings() override;
  std::string set_value(std::string_view key, std::string_view value) override;

  NodeLimits limits() const;
  void tell_limits();
  /// What may be as it was before when files are not good.
  struct TlsKeys {
    TlsConfig amqp;
    net::TlsOptions management;
    net::TlsOptions prometheus;
    bool operator==(const TlsKeys&) const = default;
  };
  TlsKeys tls_keys() const;
  std::string reload_tls(const TlsKeys& before);

  Node& node_;
  core::Log& log_;  ///< Of this thread.
  ServerConfig config_;
  TlsSetup tls_;
  HttpTls http_tls_;
  core::Nanos started_at_;
  std::unique_ptr<io::Driver> driver_;
  io::Loop loop_;
  std::unique_ptr<AdminThread> work_;
  NodeDefinitions definitions_;
  std::string path_;  ///< Of the socket, once it is bound.
  std::unique_ptr<AdminSocket> socket_;
  std::unique_ptr<NodeHttp> http_;
  std::thread thread_;
};

/// Where a broker with this configuration listens for its operator; "": nowhere.
std::string admin_socket_path(const ServerConfig& config);

}  // namespace lepus::server
