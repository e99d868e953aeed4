// The frames that all roles have in common.
#include "tests/sim/peer.h"

#include "core/message/properties.h"

namespace lepus::sim {

using amqp::MethodId;

Peer::Peer(Scene& scene, std::unique_ptr<io::SimClient> end, core::Nanos pace)
    : scene_(scene), wire_(*scene.judge, std::move(end)), pace_(pace) {
  CHECK(pace > 0);
  wire_.set_filter(scene.filter);
  write_protocol_header(wire_);
}

void Peer::step() {
  next_step_ = scene_.world->now() + pace_;
  if (is_over()) return;
  wire_.read(SIZE_MAX, *this);
  if (wire_.is_over() && !is_over()) {
    if (phase_ != Phase::closing)
      judge().fail(14, "the broker ended the connection of a peer without a word");
    phase_ = Phase::over;
    return wire_.client().close();
  }
  if (is_ready()) act();
  wire_.flush();
}

void Peer::close() {
  CHECK(is_ready());
  phase_ = Phase::closing;
  wire_.method(0, amqp::ConnectionClose{200, "bye", 0, 0});
}

void Peer::publish(const Post& post) {
  core::PropertiesView view;
  view.delivery_mode = post.is_persistent ? 2 : 1;
  view.set(core::Property::delivery_mode);
  const std::string properties{core::as_text(core::encode_properties(view))};
  const std::string body(post.body_size, 'x');
  send(amqp::BasicPublish{"", post.queue, false, false});
  wire_.content(channel, {properties, body, body.size()});
}

void Peer::on_method(const Incoming& incoming) {
  const MethodId method = incoming.method;
  if (method == MethodId::connection_start) return write_start_ok(wire_);
  if (method == MethodId::connection_tune) return on_tune(incoming);
  if (method == MethodId::connection_open_ok) return send(amqp::ChannelOpen{});
  if (method == MethodId::channel_open_ok) {
    phase_ = Phase::ready;
  } else if (method == MethodId::connection_close_ok) {
    if (phase_ != Phase::closing) judge().fail(14, "connection.close-ok unasked of a peer");
    phase_ = Phase::over;
    wire_.client().close();
  } else if (incoming.channel != channel || method == MethodId::channel_close) {
    judge().fail(14, "a peer reads {}", amqp::method_name(method));
  } else {
    on_channel_method(incoming);
  }
}

void Peer::on_tune(const Incoming& incoming) {
  amqp::ConnectionTune tune;
  if (!amqp::decode(incoming.arguments, tune)) judge().fail(14, "connection.tune is malformed");
  write_tune_ok(wire_, {tune.channel_max, amqp::frame_min_size, 0});
}

}  // namespace lepus::sim
