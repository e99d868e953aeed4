// Who works on the control thread beside Control: the operator's requests (admin.h). Commands that
// name the control thread's own "channel" are answers to its questions.
#pragma once

#include "core/broker/command.h"

namespace lepus::server {

class AdminService {
 public:
  AdminService() = default;
  AdminService(const AdminService&) = delete;
  AdminService& operator=(const AdminService&) = delete;
  virtual ~AdminService() = default;

  /// Reply, TopologyDone or StatsReply; adopts what it owns. Must not call the Control.
  virtual void on_command(const core::Command& command) = 0;
  /// Once a turn, after the mailboxes: a bounded amount. True: there was something.
  virtual bool work() = 0;
  /// At the end of the turn, after the commit: output leaves.
  virtual void flush() = 0;
  /// Something is left that only needs another turn.
  virtual bool has_work() const = 0;
};

}  // namespace lepus::server
