// Round trips are bound by latency, not by generator work, so messages are encoded one by one here.
#include "tools/perf/modes/rpc.h"

#include "tools/perf/client/methods.h"
#include "tools/perf/modes/control.h"

namespace lepus::perf {

namespace {

constexpr uint16_t property_flags_known = 0xFE00;  // content-type to reply-to

}  // namespace

void read_rpc_properties(const uint8_t* payload, size_t size, std::string& correlation_id,
                         std::string& reply_to) {
  Reader reader(payload, size);
  reader.skip(12);
  const unsigned flags = reader.u16();
  if ((flags & ~unsigned{property_flags_known}) != 0) return;
  if ((flags & 0x8000) != 0) reader.short_string();
  if ((flags & 0x4000) != 0) reader.short_string();
  if ((flags & property_headers) != 0) reader.skip(reader.u32());
  if ((flags & property_delivery_mode) != 0) reader.skip(1);
  if ((flags & 0x0800) != 0) reader.skip(1);
  if ((flags & property_correlation_id) != 0) correlation_id = reader.short_string();
  if ((flags & property_reply_to) != 0) reply_to = reader.short_string();
}

RpcPeer::RpcPeer(const Options& options, Stats& stats) : options_(options), stats_(stats) {
  ConnectionConfig config;
  config.uri = &options.uri;
  config.frame_size_max = options.frame_size_max;
  config.receive_size = size_t{1} << 17;
  connection_.open_and_wait(config);
}

void RpcPeer::consume(std::string_view queue) {
  write_consume(connection_.output(), queue, true, {});
  call(connection_, method::basic_consume_ok);
}

void RpcPeer::run(uint64_t) {
  if (readable) {
    received_ns_ = 0;
    readable = connection_.receive(*this);
  }
  if (writable && connection_.output_size() > 0) writable = connection_.flush();
}

void RpcPeer::on_method(uint16_t channel, MethodId id, const uint8_t* arguments, size_t size) {
  if (id != method::basic_deliver) connection_.on_method(channel, id, arguments, size);
}

void RpcPeer::on_header(const uint8_t* payload, size_t size) {
  message_ = Message();
  const bool complete = content_.on_header(payload, size);
  read_rpc_properties(payload, size, message_.correlation_id, message_.reply_to);
  if (complete) finish();
}

void RpcPeer::on_body(const uint8_t* payload, size_t size) {
  if (content_.at_first_frame() && size >= sizeof message_.time_ns) {
    std::memcpy(&message_.time_ns, payload, sizeof message_.time_ns);
  }
}

void RpcPeer::on_body_end(size_t size) {
  if (content_.on_body_end(size)) finish();
}

void RpcPeer::finish() {
  if (received_ns_ == 0) received_ns_ = now_ns();
  on_message(message_, received_ns_);
}

void RpcPeer::publish(std::string_view key, const Message& message) {
  Publish publish;
  publish.key = key;
  publish.body_size = options_.body_size;
  publish.frame_size_max = connection_.frame_size_max();
  publish.flags = property_correlation_id;
  properties_.assign(1, static_cast<char>(message.correlation_id.size()))
      .append(message.correlation_id);
  if (!message.reply_to.empty()) {
    publish.flags |= property_reply_to;
    properties_.append(1, static_cast<char>(message.reply_to.size())).append(message.reply_to);
  }
  publish.properties = properties_;
  Bytes& out = connection_.output();
  write_publish(out, publish);
  // The body is filling so far; its first piece starts this far from the end of the message.
  const uint64_t piece_size_max = publish.frame_size_max - frame_overhead_size;
  const uint64_t pieces = (options_.body_size + piece_size_max - 1) / piece_size_max;
  const uint64_t from_end = options_.body_size + pieces * frame_overhead_size - frame_head_size;
  std::memcpy(&out[static_cast<size_t>(out.size() - from_end)], &message.time_ns,
              sizeof message.time_ns);
}

Responder::Responder(const Options& options, Stats& stats, std::string_view service)
    : RpcPeer(options, stats) {
  QueueDeclare declare;
  declare.name = service;
  declare.exclusive = true;
  write_queue_declare(connection().output(), declare);
  call(connection(), method::queue_declare_ok);
  consume(service);
}

void Responder::on_message(const Message& request, uint64_t) {
  Message reply;
  reply.correlation_id = request.correlation_id;
  reply.time_ns = request.time_ns;
  publish(request.reply_to, reply);
}

Requester::Requester(const Options& options, Stats& stats, std::string service)
    : RpcPeer(options, stats), service_(std::move(service)) {
  QueueDeclare declare;
  declare.exclusive = true;
  write_queue_declare(connection().output(), declare);
  const Bytes answer = call(connection(), method::queue_declare_ok);
  reply_queue_ = Reader(answer).short_string();
  consume(reply_queue_);
}

void Requester::start() {
  const unsigned window = options_.window > 0 ? options_.window : 1;
  for (unsigned index = 0; index < window; ++index) send_request(now_ns());
}

void Requester::on_message(const Message& reply, uint64_t now) {
  const std::string expected = std::to_string(replied_count_++);
  if (reply.correlation_id != expected) {
    throw PerfError("a reply has correlation-id '", reply.correlation_id, "', expected '", expected,
                    "'");
  }
  stats_.latency.record(now > reply.time_ns ? now - reply.time_ns : 0);
  stats_.delivered.add(1);
  send_request(now_ns());
}

void Requester::send_request(uint64_t now) {
  Message request;
  request.correlation_id = std::to_string(requested_count_++);
  request.reply_to = reply_queue_;
  request.time_ns = now;
  publish(service_, request);
}

}  // namespace lepus::perf
