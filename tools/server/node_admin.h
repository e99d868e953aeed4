// The operator's side of a node: what the node can be told and asked, the requests under way, and
// the socket they come in by.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tools/server/admin/admin.h"
#include "tools/server/admin/admin_socket.h"
#include "tools/server/definitions/node_definitions.h"

namespace lepus::server {

class Node;

class NodeAdmin final : private AdminHost {
 public:
  /// When the node's control thread is made, before its loop turns.
  explicit NodeAdmin(Node& node);
  ~NodeAdmin() override;

  /// Binds the socket and begins to serve it. Empty, or why not.
  [[nodiscard]] std::string start();
  /// When the broker has ended. The loop has to turn until no op is in flight.
  void stop();

 private:
  const ServerConfig& config() const override;
  Facts facts() const override;
  void set_memory_watermark(const MemoryWatermark& watermark) override;
  void set_disk_free_limit(const DiskFreeLimit& limit) override;
  std::string export_definitions(std::string& text) const override;
  Imported import_definitions(const std::string& text, const std::string& vhost,
                              const core::ChannelRef& who) override;
  void stop_node() override;
  ResumeOutcome resume(bool is_last_try) override;
  std::string set_log_level(std::string_view category, std::string_view level) override;
  void reload() override;
  std::string set_value(std::string_view key, std::string_view value) override;

  Node& node_;
  core::Nanos started_at_;
  NodeDefinitions definitions_;
  Admin admin_;
  std::string path_;  ///< Of the socket, once it is bound.
  std::unique_ptr<AdminSocket> socket_;
};

/// Where a broker with this configuration listens for its operator; "": nowhere.
std::string admin_socket_path(const ServerConfig& config);

}  // namespace lepus::server
