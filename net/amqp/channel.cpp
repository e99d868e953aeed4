// Frames to events, methods to the part that has a handler for them.
#include "net/amqp/channel.h"

#include <utility>
#include <variant>

#include "core/limits.h"
#include "net/amqp/codec/arguments.h"
#include "net/amqp/connection/connection_rights.h"
#include "net/amqp/connection/facts.h"

namespace lepus::amqp {

using core::AmqpError;
using core::Refusal;
using core::ReplyCode;

namespace {

/// Returns true if the method is one of these, which `handlers` has handlers for; `refused` is then
/// what came of it.
template <class... Methods, class Handlers>
bool dispatch(Handlers& handlers, const MethodReady& ready, Refusal& refused) {
  const auto handle = [&]<class Method>(Method method) {
    if (decode(ready.arguments, method)) {
      refused = handlers.on(method);
    } else {
      refused = decode_error(Method::id, ready.arguments);
    }
    return true;
  };
  return ((ready.method == Methods::id && handle(Methods{})) || ...);
}

}  // namespace

Channel::Channel(const ChannelContext& context, std::uint16_t number)
    : link_{context, context.output, session_, number},
      acks_(link_),
      closing_(link_, acks_),
      notices_(link_),
      deliveries_(link_, notices_),
      answers_({link_, acks_, notices_, deliveries_, closing_}),
      channel_methods_(link_, closing_),
      topology_methods_(link_),
      publish_methods_(link_),
      consume_methods_(link_),
      settle_methods_(link_),
      session_(link_.broker(), session_owner(context.facts, number), {answers_, &deliveries_}) {
  link_.broker().memory().session_bytes += core::limits::channel_memory;
  session_.set_traced(context.facts.is_traced);
}

Channel::~Channel() {
  CHECK(closing_.is_closed());
  link_.broker().memory().session_bytes -= core::limits::channel_memory;
}

void Channel::on_frame(const Frame& frame) {
  if (!closing_.is_open()) return closing_.on_frame(frame);
  const AssemblerEvent event = assembler_.on_frame(frame);
  if (Refusal refused = on_event(event)) [[unlikely]]
    on_refused(event, std::move(*refused));
}

void Channel::on_refused(const AssemblerEvent& event, AmqpError refused) {
  if (!refused.is_undecided) return link_.context.host.raise(link_.number, std::move(refused));
  undecided_ = std::make_unique<Undecided>();
  Undecided& kept = *undecided_;
  if (const auto* method = std::get_if<MethodReady>(&event)) {
    kept.bytes.assign(method->arguments.begin(), method->arguments.end());
    kept.event = MethodReady{method->method, kept.bytes};
  } else {
    const ContentHeader& header = std::get<ContentHeader>(event);
    kept.bytes.assign(header.properties.begin(), header.properties.end());
    kept.event = ContentHeader{header.class_id, header.body_size, kept.bytes};
  }
  if (!link_.context.facts.login.rights->ask(link_.number)) try_again();
}

void Channel::go_on() {
  if (undecided_ != nullptr && closing_.is_open()) try_again();
}

void Channel::try_again() {
  ConnectionRights& rights = *link_.context.facts.login.rights;
  CHECK(undecided_ != nullptr);
  Refusal refused = on_event(undecided_->event);
  while (refused && refused->is_undecided) {
    if (rights.ask(link_.number)) return;
    refused = on_event(undecided_->event);  // Refused, as nobody can be asked.
  }
  undecided_.reset();
  rights.forget();
  if (refused) link_.context.host.raise(link_.number, std::move(*refused));
}

inline Refusal Channel::on_event(const AssemblerEvent& event) {
  if (const auto* method = std::get_if<MethodReady>(&event)) return on_method(*method);
  if (const auto* header = std::get_if<ContentHeader>(&event))
    return publish_methods_.on_content_header(*header);
  if (const auto* body = std::get_if<BodyPiece>(&event)) {
    publish_methods_.on_body(*body);
    return std::nullopt;
  }
  return std::get<AssemblerError>(event).to_amqp_error();
}

/// Those that come once a message first.
Refusal Channel::on_method(const MethodReady& ready) {
  Refusal refused;
  const bool is_known =
      dispatch<BasicPublish>(publish_methods_, ready, refused) ||
      dispatch<BasicAck, BasicNack, BasicReject>(settle_methods_, ready, refused) ||
      dispatch<BasicGet, BasicConsume, BasicCancel, BasicQos>(consume_methods_, ready, refused) ||
      dispatch<BasicRecover, BasicRecoverAsync>(settle_methods_, ready, refused) ||
      dispatch<QueueDeclare, QueueBind, QueueUnbind, QueuePurge, QueueDelete>(topology_methods_,
                                                                              ready, refused) ||
      dispatch<ExchangeDeclare, ExchangeDelete, ExchangeBind, ExchangeUnbind>(topology_methods_,
                                                                              ready, refused) ||
      dispatch<ConfirmSelect, TxSelect, TxCommit, TxRollback>(publish_methods_, ready, refused) ||
      dispatch<ChannelOpen, ChannelFlow, ChannelClose, AccessRequest>(channel_methods_, ready,
                                                                      refused);
  if (!is_known) refused = AmqpError{ReplyCode::command_invalid, "unimplemented method"};
  const bool is_frame_level = refused && refused->code == ReplyCode::frame_error;
  if (refused && refused->class_id == 0 && !is_frame_level) {
    refused->class_id = class_id_of(ready.method);
    refused->method_id = method_id_of(ready.method);
  }
  return refused;
}

}  // namespace lepus::amqp
