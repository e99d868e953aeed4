// What a client may send to a port for TLS: before a handshake, within it and behind it. Nothing
// may reach the handler that no client sent, and nothing may be owed at the end. The first byte
// says how far a good client goes before the bytes come.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/limits.h"
#include "net/tls/tls_stream.h"
#include "tests/unit/net/tls/memory_stream.h"
#include "tests/unit/net/tls/test_authority.h"
#include "tests/unit/net/tls/tls_peer.h"
#include "tests/unit/tools/server/fake_driver.h"

namespace {

using namespace lepus;
using net::testing_tls::MemoryStream;
using net::testing_tls::TestAuthority;
using net::testing_tls::TlsPeer;

struct Handler final : net::StreamHandler {
  void on_bytes(core::Bytes) override { CHECK(!"bytes that nobody sent"); }
  void on_peer_closed() override {}
  void on_sent() override {}
  void on_closed(std::string_view) override { is_closed = true; }
  bool is_closed = false;
};

struct Watcher final : net::TlsStream::Watcher {
  void on_handshake_failed(const io::PeerName&, const net::ListenerIdentity&,
                           std::string_view why) override {
    CHECK(!why.empty());
  }
};

/// Of the process: an authority takes long to make.
const net::TlsContext& context() {
  static const net::TlsContext made = [] {
    TestAuthority authority("fuzz");
    net::TlsProblem problem;
    auto one = net::TlsContext::make(
        {.own = authority.issue(), .cacertfile = authority.file(), .verify_peer = true}, problem);
    CHECK(one.has_value());
    return *one;
  }();
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  server::test::FakeDriver driver{0};
  io::Loop loop{driver, {}};
  net::FlushList touched;
  net::TlsShard shard{loop, touched, {}};
  net::BlockPool pool;
  Handler handler;
  Watcher watcher;
  auto below = std::make_unique<MemoryStream>(pool);
  MemoryStream& wire = *below;
  net::TlsStream stream(std::move(below),
                        {shard, context(), core::never, watcher, net::unknown_listener()});
  stream.start(handler);
  TlsPeer peer({.version_min = (data[0] & 8) != 0 ? TLS1_3_VERSION : TLS1_2_VERSION,
                .version_max = (data[0] & 8) != 0 ? TLS1_3_VERSION : TLS1_2_VERSION});
  for (int step = 0; step < (data[0] & 7); ++step) {
    peer.shake_hands();
    wire.deliver(peer.take());
    shard.handshakes().work();
    touched.flush();
    peer.feed(wire.take());
  }
  // In two pieces: a record may be cut anywhere.
  const core::Bytes bytes{data + 1, size - 1};
  const std::size_t first = size > 2 ? data[1] % bytes.size() : bytes.size();
  for (const core::Bytes part : {bytes.first(first), bytes.subspan(first)}) {
    wire.deliver(core::as_text(part));
    for (int turn = 0; turn < 4; ++turn) shard.handshakes().work();
    touched.flush();
    CHECK(wire.out().size() <
          core::limits::tls_sealed_fast_max + core::limits::tls_sealed_unsent_max + 65'536);
    (void)wire.take();
  }
  stream.close();
  wire.end_if_closing();
  CHECK(handler.is_closed);
  touched.flush();
  return 0;
}
