// Waits for one answer of the control thread on behalf of a connection that closes: its exclusive
// queues are gone.
#pragma once

#include "core/broker/broker.h"

namespace lepus::amqp {

class Connection;

class ClosePort final : public core::ChannelPort {
 public:
  ClosePort(Connection& connection, core::Broker& broker);
  ~ClosePort() override;
  const core::ChannelRef& ref() const { return ref_; }

 private:
  // Only the one answer comes here; the rest is for channels.
  bool on_deliver(const core::Deliver&, core::MessageRef) override {
    CHECK(false);
    return false;
  }
  void on_get_reply(const core::GetReply&, core::MessageRef) override { CHECK(false); }
  void on_reply(const core::Reply&) override { CHECK(false); }
  void on_topology_done(const core::TopologyDone& done) override;
  void on_confirm(const core::Confirm&) override { CHECK(false); }
  void on_immediate_reply(const core::ImmediateReply&) override { CHECK(false); }
  void on_consumer_active(std::uint32_t, bool) override {}
  void on_consumer_cancelled(std::uint32_t) override { CHECK(false); }
  core::Credit on_credit_request(const core::CreditRequest&) override {
    CHECK(false);
    return {};
  }
  void on_credit_return(std::uint32_t) override { CHECK(false); }

  Connection& connection_;
  core::Broker& broker_;
  core::ChannelRef ref_;
};

}  // namespace lepus::amqp
