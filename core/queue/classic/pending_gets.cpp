// Heads and answers.
#include "core/queue/classic/pending_gets.h"

#include <cstddef>
#include <utility>

namespace lepus::core {

void PendingGets::get(const Get& request) {
  const bool has_to_wait =
      !empty() || (context_.messages.ready_count() > 0 && !residency_.obtain_head());
  if (!has_to_wait) return answer(request);
  if (!waiting_) waiting_ = std::make_unique<std::vector<Get>>();
  waiting_->push_back(request);
  context_.host.schedule(context_.queue);
}

/// With the head, which is here, or with nothing.
void PendingGets::answer(const Get& request) {
  QueueHost& host = context_.host;
  QueueMessages& messages = context_.messages;
  GetReply reply{request.channel, 0, context_.info.id, 0, {}, host.shard(), false, request.no_ack};
  MessageCounts& counts = messages.backlog().tally->counts;
  if (messages.ready_count() == 0) {
    ++counts[MessageEvent::get_empty];
    return host.answer_get(std::move(reply), {});
  }
  ++counts[request.no_ack ? MessageEvent::get_no_ack : MessageEvent::get];
  Delivery::Outgoing head = messages.send_head(messages.backlog().peek(), request.no_ack);
  reply.sequence = head.sequence;
  reply.redelivered = head.redelivered;
  reply.delivery_count = head.delivery_count;
  if (head.delivery_count > 0) host.counters.delivery_count.count(head.delivery_count);
  reply.message_count = static_cast<std::uint32_t>(messages.ready_count());
  host.answer_get(std::move(reply), std::move(head.message));
}

/// A channel that is closing gives back at once what it gets, and more may wait when that returns.
void PendingGets::serve() {
  QueueHost& host = context_.host;
  CHECK(!empty());
  const std::unique_ptr<std::vector<Get>> waited = std::exchange(waiting_, nullptr);
  std::vector<Get>& gets = *waited;
  std::size_t done = 0;
  for (; done < gets.size(); ++done) {
    // Nobody would give back what its channel does not take.
    const bool is_gone =
        gets[done].channel.shard == host.shard() && !host.is_attached(gets[done].channel);
    if (is_gone) continue;
    if (context_.messages.ready_count() > 0 && !residency_.obtain_head()) break;
    answer(gets[done]);
  }
  if (done == gets.size()) return;
  if (!waiting_) waiting_ = std::make_unique<std::vector<Get>>();
  waiting_->insert(waiting_->begin(), gets.begin() + static_cast<std::ptrdiff_t>(done), gets.end());
}

void PendingGets::abandon() {
  const std::unique_ptr<std::vector<Get>> waited = std::exchange(waiting_, nullptr);
  if (!waited) return;
  for (const Get& get : *waited)
    context_.host.answer_get({get.channel, 0, get.queue, 0, {}, context_.host.shard(), false, true},
                             {});
}

}  // namespace lepus::core
