// Definitions of a broker that runs, out and in, as its operator asks for them. Control thread.
#pragma once

#include <string>

#include "core/base/log.h"
#include "persist/catalog/catalog.h"
#include "tools/server/admin/admin.h"
#include "tools/server/config/config.h"
#include "tools/server/control.h"

namespace lepus::server {

class NodeDefinitions {
 public:
  struct Parts {
    Control& control;
    persist::Catalog& catalog;  ///< The store of `control`, which uses it on a thread of its own.
    const ServerConfig& config;
    core::Log& log;
  };
  explicit NodeDefinitions(const Parts& parts) : parts_(parts) {}

  /// Empty, or what JSON cannot hold.
  [[nodiscard]] std::string write(std::string& text) const;
  /// As at start: all of it or nothing, by the same rules. `vhost`: as AdminHost has it.
  AdminHost::Imported import(const std::string& text, const std::string& vhost,
                             const core::ChannelRef& who);

 private:
  Parts parts_;
};

}  // namespace lepus::server
