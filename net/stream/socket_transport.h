// Sockets of the kernel, through the loop: the transport that is always there.
#pragma once

#include <memory>
#include <vector>

#include "io/loop.h"
#include "net/stream/listener.h"
#include "net/stream/stream_set.h"
#include "net/stream/transport.h"

namespace lepus::net {

class SocketTransport final : public Transport {
 public:
  /// `descriptor_max`: see Listener::set_descriptor_max().
  explicit SocketTransport(io::Loop& loop, int descriptor_max = 0)
      : streams_(loop), descriptor_max_(descriptor_max) {}

  /// Of listeners to come, and of those that are there.
  void set_descriptor_max(int max);

  void listen(Listening listening, Acceptor& acceptor) override;
  /// Everything comes as completions.
  bool poll() override { return false; }
  void flush() override;
  bool may_sleep() const override { return true; }
  void stop() override;
  void destroy_later(std::unique_ptr<Stream> stream) override;
  std::size_t output_bytes() const override { return streams_.blocks().bytes_in_use(); }

 private:
  StreamSet streams_;
  int descriptor_max_;
  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace lepus::net
