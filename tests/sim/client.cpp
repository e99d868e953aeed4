// The connection's own methods.
#include "tests/sim/client.h"

#include <algorithm>

#include "tests/sim/handshake.h"

namespace lepus::sim {

using amqp::MethodId;

Client::Client(Scene& scene, std::unique_ptr<io::SimClient> end)
    : scene_(scene), id_(scene.next_client++), wire_(*scene.judge, std::move(end)) {
  wire_.set_filter(scene.filter);
  if (scene.random->chance(30)) wire_.set_body_piece_max(1 + scene.random->below(300));
  write_protocol_header(wire_);
  scene_.judge->note("client {} connects", id_);
}

std::string Client::describe() const {
  std::string text = fmt::format("client {} phase {}, {} bytes unsent", id_,
                                 static_cast<int>(phase_), wire_.unsent_size());
  for (const auto& [number, channel] : channels_)
    if (!channel->is_idle() || !channel->all_confirmed()) text += "; " + channel->describe();
  return text;
}

bool Client::is_settled() const {
  if (phase_ == Phase::over) return true;
  if (phase_ != Phase::open || wire_.has_unsent()) return false;
  return std::all_of(channels_.begin(), channels_.end(), [](const auto& entry) {
    const Channel& channel = *entry.second;
    return channel.state() == Channel::State::open && channel.is_idle() && channel.all_confirmed();
  });
}

void Client::read() {
  if (is_over()) return;
  wire_.read(1 + scene_.random->below(20000), *this);
  std::erase_if(channels_, [](const auto& entry) { return entry.second->is_gone(); });
  notice_death();
}

void Client::flush() {
  if (is_over()) return;
  const core::Nanos now = scene_.world->now();
  if (heartbeat_s_ > 0 && phase_ != Phase::closing && phase_ != Phase::doomed &&
      now - last_heartbeat_ > heartbeat_s_ * core::nanos_per_s / 2) {
    last_heartbeat_ = now;
    wire_.heartbeat();
  }
  wire_.flush();
}

void Client::notice_death() {
  if (is_over() || !wire_.is_over()) return;
  const bool reset = wire_.client().is_reset();
  if (!reset && phase_ != Phase::doomed && phase_ != Phase::closing && !scene_.stopping)
    scene_.judge->fail(14, "the broker ended a connection without a word ({})", describe());
  scene_.judge->note("client {} notices its end", id_);
  finish(false);
}

void Client::finish(bool orderly) {
  phase_ = Phase::over;
  for (const auto& [number, channel] : channels_) channel->end(orderly);
  release_exclusive_queues(orderly);
  wire_.client().close();
}

void Client::release_exclusive_queues(bool orderly) {
  Model& model = *scene_.model;
  const Tick now = scene_.judge->advance();
  for (std::uint32_t i = 0; i < model.queue_count(); ++i) {
    QueueModel& queue = model.queue(i);
    if (queue.owner != id_ || queue.wild) continue;
    if (queue.exists.state() != Presence::absent)
      queue.exists.set(orderly ? Presence::absent : Presence::maybe, now);
    queue.unclear = true;
  }
  model.update_auto_delete_exchanges();
}

Channel* Client::open_channel() {
  const std::uint16_t number = next_number_++;
  const Channel::Parts parts{scene_.judge, scene_.model,          scene_.oracle,
                             &wire_,       scene_.random,         &scene_.stopping,
                             id_,          scene_.next_channel++, number};
  auto channel = std::make_unique<Channel>(parts);
  channel->open();
  return channels_.emplace(number, std::move(channel)).first->second.get();
}

void Client::close() {
  scene_.judge->advance();
  scene_.judge->note("client {} closes", id_);
  for (const auto& [number, channel] : channels_) channel->begin_close();
  const Tick now = scene_.judge->advance();
  for (std::uint32_t i = 0; i < scene_.model->queue_count(); ++i) {
    QueueModel& queue = scene_.model->queue(i);
    if (queue.owner == id_ && !queue.wild && queue.exists.state() == Presence::present)
      queue.exists.set(Presence::maybe, now);
  }
  scene_.model->update_auto_delete_exchanges();
  phase_ = Phase::closing;
  wire_.method(0, amqp::ConnectionClose{200, "bye", 0, 0});
}

void Client::doom(const Doom& doom) {
  doom_ = doom;
  for (const auto& [number, channel] : channels_)
    if (channel->state() == Channel::State::open || channel->state() == Channel::State::opening)
      channel->doom({});
  phase_ = Phase::doomed;
}

void Client::cut(Cut how) {
  scene_.judge->advance();
  scene_.judge->note("client {} cuts the connection ({})", id_, static_cast<int>(how));
  if (how == Cut::mid_frame) wire_.raw(std::string_view("\x01\x00\x01\x00\x00", 5));
  if (how != Cut::close) wire_.flush();
  if (how == Cut::reset) wire_.client().reset();
  if (how == Cut::half_close) wire_.client().shutdown_write();
  finish(false);
}

// ---- what comes ----

void Client::on_method(const Incoming& incoming) {
  if (is_over()) return;
  if (incoming.channel == 0) return on_connection_method(incoming);
  const auto found = channels_.find(incoming.channel);
  if (found == channels_.end())
    return scene_.judge->fail(14, "{} on channel {}, which is not open ({})",
                              amqp::method_name(incoming.method), incoming.channel, describe());
  found->second->on_method(incoming);
  // Something legal failed first, and what came behind it on this channel was ignored.
  if (phase_ == Phase::doomed && incoming.method == MethodId::channel_close) cut(Cut::reset);
}

void Client::on_connection_method(const Incoming& incoming) {
  scene_.judge->advance();
  const MethodId method = incoming.method;
  if (method == MethodId::connection_start) return write_start_ok(wire_);
  if (method == MethodId::connection_tune) return on_tune(incoming);
  if (method == MethodId::connection_close) return on_close(incoming);
  scene_.judge->note("client {} reads {}", id_, amqp::method_name(method));
  if (method == MethodId::connection_open_ok) {
    if (phase_ == Phase::handshake) phase_ = Phase::open;
  } else if (method == MethodId::connection_close_ok) {
    if (phase_ != Phase::closing) scene_.judge->fail(14, "connection.close-ok unasked");
    finish(true);
  } else if (method != MethodId::connection_blocked && method != MethodId::connection_unblocked) {
    scene_.judge->fail(14, "unexpected {}", amqp::method_name(method));
  }
}

void Client::on_tune(const Incoming& incoming) {
  amqp::ConnectionTune tune;
  if (!amqp::decode(incoming.arguments, tune))
    scene_.judge->fail(14, "connection.tune is malformed");
  const std::uint32_t frame_max = scene_.random->chance(50) ? 4096 : tune.frame_max;
  heartbeat_s_ =
      scene_.random->chance(70) ? 0 : static_cast<std::uint16_t>(1 + scene_.random->below(20));
  last_heartbeat_ = scene_.world->now();
  write_tune_ok(wire_, {tune.channel_max, frame_max, heartbeat_s_});
}

void Client::on_close(const Incoming& incoming) {
  amqp::ConnectionClose close;
  if (!amqp::decode(incoming.arguments, close))
    scene_.judge->fail(14, "connection.close is malformed");
  scene_.judge->note("client {} closed by the broker: {}", id_, close.reply_text);
  const bool expected = phase_ == Phase::doomed && close.reply_code == doom_.code &&
                        close.class_id == doom_.class_id && close.method_id == doom_.method_id;
  const bool stopped = scene_.stopping && close.reply_code == 320;
  if (!expected && !stopped)
    scene_.judge->fail(14, "connection closed without cause: {} (class {} method {}), expected {}",
                       close.reply_text, close.class_id, close.method_id, doom_.code);
  wire_.method(0, amqp::ConnectionCloseOk{});
  wire_.flush();
  finish(false);
}

}  // namespace lepus::sim
