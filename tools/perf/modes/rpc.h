// The two ends of mode rpc.
//
//   Requester  --- request (reply-to, correlation-id) --->  service queue  --->  Responder
//   Requester  <-- exclusive reply queue <--- reply (same correlation-id) -----  Responder
//
// Both consume with auto-ack. The requester keeps `window` requests in flight and expects replies
// in their order.
#pragma once

#include <string>

#include "tools/perf/client/connection.h"
#include "tools/perf/client/event_loop.h"
#include "tools/perf/stats.h"

namespace lepus::perf {

// Reads correlation-id and reply-to of a content header, stepping over the properties before them.
// Those that are not there leave their text as it is.
void read_rpc_properties(const uint8_t* payload, size_t size, std::string& correlation_id,
                         std::string& reply_to);

// What both ends share: a connection that consumes one queue and gathers each message's parts.
class RpcPeer : public Endpoint {
 public:
  int fd() const override { return connection_.fd(); }
  uint64_t wake_ns() const override {
    return readable || (writable && connection_.output_size() > 0) ? 0 : never;
  }
  void run(uint64_t now) override;
  void close() noexcept { connection_.close_and_wait(); }
  Connection& connection() { return connection_; }

  // Called by the frame scanner.
  void on_method(uint16_t channel, MethodId id, const uint8_t* arguments, size_t size);
  void on_header(const uint8_t* payload, size_t size);
  void on_body(const uint8_t* payload, size_t size);
  void on_body_end(size_t size);

 protected:
  struct Message {
    std::string correlation_id;
    std::string reply_to;
    uint64_t time_ns = 0;  // the body's first 8 bytes
  };
  RpcPeer(const Options& options, Stats& stats);
  void consume(std::string_view queue);
  // Appends a message to the output.
  void publish(std::string_view key, const Message& message);
  virtual void on_message(const Message& message, uint64_t now) = 0;

  const Options& options_;
  Stats& stats_;

 private:
  void finish();

  Connection connection_;
  ContentProgress content_;
  Message message_;
  std::string properties_;
  uint64_t received_ns_ = 0;
};

class Responder final : public RpcPeer {
 public:
  // Declares the service queue, with the given name, and serves it.
  Responder(const Options& options, Stats& stats, std::string_view service);

 private:
  void on_message(const Message& request, uint64_t now) override;
};

class Requester final : public RpcPeer {
 public:
  Requester(const Options& options, Stats& stats, std::string service);
  // Sends the first requests; the replies call forth the others.
  void start();

 private:
  void on_message(const Message& reply, uint64_t now) override;
  void send_request(uint64_t now);

  const std::string service_;
  std::string reply_queue_;
  uint64_t requested_count_ = 0;
  uint64_t replied_count_ = 0;
};

}  // namespace lepus::perf
