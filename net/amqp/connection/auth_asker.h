// What one connection asks of services outside of the broker: one question at a time. Input is held
// until its answer has come.
#pragma once

#include <cstdint>
#include <utility>

#include "core/access/auth_port.h"
#include "net/amqp/connection/input_gate.h"
#include "net/amqp/services.h"

namespace lepus::amqp {

class AuthAsker {
 public:
  /// Both outlive this object.
  AuthAsker(Services& services, InputGate& input) : services_(services), input_(input) {}
  AuthAsker(const AuthAsker&) = delete;

  /// False: it could not be asked, and nothing is awaited.
  [[nodiscard]] bool ask(core::AuthQuestion question) {
    CHECK(awaited_ == 0);
    core::AuthPort* const port = services_.auth();
    if (port == nullptr) return false;
    question.ticket = {input_.handle().slot, input_.handle().generation, ++last_};
    if (!port->ask(std::move(question))) return false;
    awaited_ = last_;
    input_.stop(InputStop::auth);
    return true;
  }
  /// Returns true if this is the answer that is awaited. Input then goes on with the next turn.
  [[nodiscard]] bool take(const core::AuthAnswer& answer) {
    if (awaited_ == 0 || answer.ticket.number != awaited_) return false;
    awaited_ = 0;
    input_.allow(InputStop::auth);
    return true;
  }

 private:
  Services& services_;
  InputGate& input_;
  std::uint64_t last_ = 0;
  std::uint64_t awaited_ = 0;  ///< The number of the question; 0: none.
};

}  // namespace lepus::amqp
