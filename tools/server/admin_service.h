// Who works on the control thread beside Control: the operator's requests (admin.h). Answers that
// name the control thread's own "channel" (Control::admin_ref()) come here.
#pragma once

#include <memory>

#include "core/broker/command.h"
#include "core/broker/message_request.h"
#include "core/broker/stats.h"

namespace lepus::server {

class AdminService {
 public:
  AdminService() = default;
  AdminService(const AdminService&) = delete;
  AdminService& operator=(const AdminService&) = delete;
  virtual ~AdminService() = default;

  // Answers to its questions. Must not call the Control.
  virtual void on_reply(const core::Reply& reply) = 0;
  virtual void on_topology_done(const core::TopologyDone& done) = 0;
  virtual void on_stats(std::unique_ptr<core::StatsPage> page) = 0;
  virtual void on_messages(std::unique_ptr<core::MessageResult> result) = 0;
  /// Once a turn, after the mailboxes: a bounded amount. True: there was something.
  virtual bool work() = 0;
  /// At the end of the turn, after the commit: output leaves.
  virtual void flush() = 0;
  /// Something is left that only needs another turn.
  virtual bool has_work() const = 0;
};

}  // namespace lepus::server
