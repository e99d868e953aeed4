// Attach, wait, tell.
#include "net/amqp/close_port.h"

#include "net/amqp/connection.h"

namespace lepus::amqp {

ClosePort::ClosePort(Connection& connection, core::Broker& broker)
    : connection_(connection), broker_(broker), ref_(broker.attach({this})) {}

ClosePort::~ClosePort() { broker_.detach(ref_); }

void ClosePort::on_topology_done(const core::TopologyDone&) {
  connection_.on_exclusive_queues_gone();
}

}  // namespace lepus::amqp
