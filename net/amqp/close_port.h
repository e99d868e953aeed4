// Waits for one answer of the control thread on behalf of a connection that closes: its exclusive
// queues are gone.
#pragma once

#include "core/broker/broker.h"

namespace lepus::amqp {

class Connection;

class ClosePort final : public core::AnswerPort {
 public:
  ClosePort(Connection& connection, core::Broker& broker);
  ~ClosePort() override;
  const core::ChannelRef& ref() const { return ref_; }

 private:
  void on_topology_done(const core::TopologyDone& done) override;

  Connection& connection_;
  core::Broker& broker_;
  core::ChannelRef ref_;
};

}  // namespace lepus::amqp
