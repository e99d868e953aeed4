// Each finds the session's port and calls it.
#include "core/broker/session_commands.h"

#include <utility>

namespace lepus::core {

void SessionCommands::on(Deliver&& command) {
  MessageRef message = std::move(command.message);
  message->enter_account(memory_);
  DeliveryPort* port = sessions_.deliveries(command.channel);
  if (port == nullptr) {
    if (!command.no_ack) send_back(command.home, command.queue, command.sequence);
    return;
  }
  // The channel itself tells the queue to pause: it lives on another shard.
  (void)port->on_deliver(command, std::move(message));
}

void SessionCommands::on(GetReply&& command) {
  MessageRef message = std::move(command.message);
  if (message) message->enter_account(memory_);
  if (AnswerPort* port = sessions_.answers(command.channel)) {
    port->on_get_reply(command, std::move(message));
  } else if (message && !command.no_ack) {
    send_back(command.home, command.queue, command.sequence);
  }
}

void SessionCommands::send_back(ShardId home, QueueId queue, Sequence sequence) {
  queues_.send_to_queue(home, Settle{queue, sequence, sequence, {}, Outcome::undelivered});
}

/// A consumer that nobody waits for must not stay.
void SessionCommands::on(const Reply& command) {
  if (AnswerPort* port = sessions_.answers(command.channel)) {
    port->on_reply(command);
  } else if (command.consumer.generation != 0) {
    queues_.send_to_queue(command.home, Unsubscribe{command.queue, {}, command.consumer});
  }
}

void SessionCommands::on(const Confirm& command) {
  if (ConfirmPort* port = sessions_.confirms(command.channel)) port->on_confirm(command);
}

void SessionCommands::on(const ImmediateReply& command) {
  if (ConfirmPort* port = sessions_.confirms(command.channel)) port->on_immediate_reply(command);
}

void SessionCommands::on(const ConsumerCancelled& command) {
  if (DeliveryPort* port = sessions_.deliveries(command.channel))
    port->on_consumer_cancelled(command.number);
}

void SessionCommands::on(const ConsumerActive& command) {
  if (DeliveryPort* port = sessions_.deliveries(command.channel))
    port->on_consumer_active(command.number, command.is_active);
}

void SessionCommands::on(const CreditRequest& command) {
  DeliveryPort* port = sessions_.deliveries(command.channel);
  if (port == nullptr) return;
  const Credit granted = port->on_credit_request(command);
  if (granted.count == 0) return;
  queues_.send_to_queue(command.home,
                        CreditGrant{command.queue, command.channel, command.consumer, granted});
}

void SessionCommands::on(const CreditReturn& command) {
  if (DeliveryPort* port = sessions_.deliveries(command.channel))
    port->on_credit_return(command.count);
}

}  // namespace lepus::core
