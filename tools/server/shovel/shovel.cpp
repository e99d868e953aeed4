// See shovel.h.
#include "tools/server/shovel/shovel.h"

#include <algorithm>
#include <utility>

#include "core/limits/shovels.h"
#include "tools/server/shovel/local_source.h"
#include "tools/server/shovel/local_target.h"
#include "tools/server/shovel/message_edit.h"
#include "tools/server/shovel/peer_source.h"
#include "tools/server/shovel/peer_target.h"

namespace lepus::server {

namespace limits = core::limits;

namespace {

std::unique_ptr<ShovelSource> make_source(ShovelOrder& order, const PeerPlace& place,
                                          ShovelEvents& events) {
  if (order.source.peer) return std::make_unique<PeerSource>(place, order, events);
  return std::make_unique<LocalSource>(place.broker, order, events);
}

struct TargetParts {
  const PeerPlace& place;
  const core::PublishSettings& settings;
};
std::unique_ptr<ShovelTarget> make_target(ShovelOrder& order, const TargetParts& parts,
                                          ShovelEvents& events) {
  if (order.target.peer) return std::make_unique<PeerTarget>(parts.place, order, events);
  return std::make_unique<LocalTarget>(LocalTarget::Parts{parts.place.broker, order, events},
                                       parts.settings);
}

/// Returns false if there is no place for it.
bool choose_target(const ShovelOrder& order, const ShovelTarget& end, ShovelPublish& publish) {
  const core::Message& message = *publish.body;
  const ShovelEnd& target = order.target;
  if (order.origin != ShovelOrigin::none) {
    std::string_view queue = origin_of(message, order.origin);
    if (queue == order.source.queue) queue = origin_of(message, ShovelOrigin::first_death);
    publish.exchange = {};
    publish.key = queue;
    publish.mandatory = true;
    return !queue.empty() && queue != order.source.queue && end.has_queue(queue);
  }
  if (target.queue) {
    publish.exchange = {};
    publish.key = *target.queue;
    publish.mandatory = true;
    return true;
  }
  publish.exchange = target.exchange ? std::string_view{*target.exchange} : message.exchange();
  publish.key = target.key ? std::string_view{*target.key} : message.routing_key();
  return true;
}

}  // namespace

Shovel::Shovel(std::unique_ptr<ShovelOrder> order, const PeerPlace& place,
               const core::PublishSettings& settings)
    : order_(std::move(order)),
      source_(make_source(*order_, place, *this)),
      target_(make_target(*order_, {place, settings}, *this)),
      pace_(order_->rate_max) {}

void Shovel::start() {
  target_->start();
  if (state_ == State::starting) source_->start();
}

// --- What the ends say

/// With a filter it looks at what is there, and takes so many out of it.
void Shovel::on_source_ready(std::uint64_t message_count) {
  if (order_->ends_after) goal_.set_move_max(*order_->ends_after);
  if (order_->ends_after_queue_length || (order_->ends_after && order_->may_skip()))
    goal_.set_scan_max(message_count);
  is_source_ready_ = true;
  if (state_ == State::starting && is_target_ready_) state_ = State::running;
}

void Shovel::on_target_ready() {
  is_target_ready_ = true;
  if (state_ == State::starting && is_source_ready_) state_ = State::running;
}

/// A queue may be at work: nothing is published here. What comes beyond the goal goes back, but for
/// what is gone already.
void Shovel::on_message(std::uint64_t tag, core::MessageRef message) {
  if (state_ >= State::ending) return;
  const bool is_gone = order_->ack_mode == ShovelAckMode::no_ack;
  if (is_source_ready_ && !goal_.wants_more() && !is_gone) return;
  goal_.note_scanned();
  pending_.add({tag, std::move(message)});
  if (pending_.is_full()) source_->set_paused(true);
}

void Shovel::on_message_count(std::uint64_t message_count) {
  if (state_ != State::running || message_count > 0) return;
  if (pending_.empty() && window_.empty()) begin_end(Ended::done, {});
}

void Shovel::on_confirmed(std::uint64_t number, bool is_multiple, bool is_refused) {
  if (state_ >= State::ending || window_.empty()) return;
  if (is_refused)
    return begin_end(Ended::failed,
                     "target: a message was refused: a queue that it reaches is full");
  window_.confirm(number, is_multiple);
  acknowledge_done();
}

void Shovel::acknowledge_done() {
  std::uint64_t last = 0;
  const bool is_single = order_->may_skip();
  window_.take_done([&](std::uint64_t tag) {
    ++counts_.forwarded;
    last = tag;
    if (is_single) source_->acknowledge(tag, false);
  });
  if (!is_single && last != 0) source_->acknowledge(last, true);
}

// --- One turn

bool Shovel::may_forward(core::Nanos now) const {
  return state_ == State::running && !pending_.empty() && goal_.may_take() && target_->has_room() &&
         window_.size() < limits::shovel_unconfirmed_max && pace_.may_send(now);
}

void Shovel::work(const Now& now) {
  if (state_ >= State::ending) return work_on_end();
  forward_some(now);
  if (state_ != State::running) return;
  source_->set_paused(pending_.is_full() || !goal_.wants_more());
  look_whether_done(now.time);
}

void Shovel::forward_some(const Now& now) {
  std::uint64_t bytes = 0;
  for (std::size_t count = 0; count < limits::shovel_messages_per_turn &&
                              bytes < limits::shovel_bytes_per_turn && may_forward(now.time);
       ++count) {
    const ShovelPending::Entry one = pending_.take();
    bytes += one.message->body_size();
    forward(one, now);
    look_at_ = now.time + limits::shovel_idle_look;
  }
}

void Shovel::forward(const ShovelPending::Entry& one, const Now& now) {
  const core::Message& message = *one.message;
  ShovelPublish publish{{}, {}, message.properties(), one.message};
  // What is not meant stays unacknowledged until the run ends, then it is at its place again.
  if (!is_meant(message, order_->filter) || !choose_target(*order_, *target_, publish)) {
    if (++counts_.skipped >= limits::shovel_skipped_max)
      begin_end(Ended::failed, "too many messages are left where they are for one run: " +
                                   std::to_string(limits::shovel_skipped_max));
    return;
  }
  std::vector<std::uint8_t> edited;
  if (changes_messages(*order_)) {
    edited = edit_properties(message, *order_, now.wall_s);
    publish.properties = edited;
  }
  goal_.note_taken();
  pace_.note_sent(now.time);
  if (order_->ack_mode == ShovelAckMode::on_confirm) window_.add(one.tag);
  target_->publish(publish);
  if (state_ != State::running || order_->ack_mode == ShovelAckMode::on_confirm) return;
  ++counts_.forwarded;
  if (order_->ack_mode == ShovelAckMode::on_publish) source_->acknowledge(one.tag, false);
}

void Shovel::look_whether_done(core::Nanos now) {
  if (!goal_.ends()) return;
  if (!goal_.may_take()) pending_.clear();  // What came beyond goes back.
  const bool is_idle = pending_.empty() && window_.empty();
  if (!is_idle) return;
  if (!goal_.wants_more()) return begin_end(Ended::done, {});
  if (!goal_.ends_when_empty()) return;
  if (look_at_ == core::never) look_at_ = now + limits::shovel_idle_look;
  if (now < look_at_) return;
  look_at_ = now + limits::shovel_idle_look;
  source_->ask_count();
}

void Shovel::collect() {
  if (state_ < State::ending) target_->collect();
}

bool Shovel::has_work(core::Nanos now) const {
  if (state_ == State::ending)
    return !end_.is_closing || source_->has_work() ||
           (source_->is_closed() && target_->is_closed());
  return may_forward(now) || (state_ == State::running && goal_.ends() && !goal_.wants_more() &&
                              window_.empty() && (pending_.empty() || !goal_.may_take()));
}

/// What is due already is has_work(), or waits for something else.
core::Nanos Shovel::next_deadline(core::Nanos now) const {
  if (state_ != State::running) return core::never;
  core::Nanos next = core::never;
  const bool is_idle = pending_.empty() && window_.empty();
  if (is_idle && goal_.ends_when_empty() && look_at_ > now) next = look_at_;
  if (!pending_.empty() && pace_.next_send() > now) next = std::min(next, pace_.next_send());
  if (told_.progress != progress())
    next = std::min(next, told_.time + limits::shovel_report_interval);
  return next;
}

// --- The end

/// It may be called from within an end: they are closed in the next work().
void Shovel::begin_end(Ended why, std::string text) {
  if (state_ >= State::ending) return;
  state_ = State::ending;
  end_.why = why;
  end_.text = std::move(text);
}

void Shovel::work_on_end() {
  if (!std::exchange(end_.is_closing, true)) {
    pending_.clear();
    source_->close();
    target_->close();
  }
  if (source_->has_work()) source_->work();
  if (source_->is_closed() && target_->is_closed()) state_ = State::ended;
}

ShovelProgress Shovel::progress() const {
  ShovelProgress now;
  now.forwarded = counts_.forwarded;
  now.skipped = counts_.skipped;
  now.pending = pending_.size() + window_.size();
  now.remaining = goal_.remaining(counts_.forwarded + counts_.skipped, counts_.forwarded);
  now.is_blocked = state_ == State::running && target_->is_blocked();
  return now;
}

std::unique_ptr<ShovelReportRow> Shovel::take_report(core::Nanos now) {
  const bool is_other = told_.state != state_;
  if (state_ == State::ending || (!is_other && now - told_.time < limits::shovel_report_interval))
    return nullptr;
  ShovelProgress current = progress();
  if (!is_other && current == told_.progress) return nullptr;
  told_ = {state_, current, now};
  auto row = std::make_unique<ShovelReportRow>();
  row->number = order_->number;
  row->is_running = state_ == State::running;
  row->progress = current;
  if (state_ == State::ended) {
    row->ended = end_.why;
    row->why = end_.text;
  }
  return row;
}

}  // namespace lepus::server
