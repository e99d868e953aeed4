// What a connection goes through between its socket and its protocol, as its listener says: the one
// place where filters are put on streams that were accepted.
//
//   socket -> the header of a proxy -> TLS -> AMQP
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/base/log_gate.h"
#include "io/loop.h"
#include "net/stream/address_range.h"
#include "net/stream/flush_list.h"
#include "net/stream/proxy_stream.h"
#include "net/stream/stream.h"
#include "net/tls/tls_shard.h"
#include "net/tls/tls_stream.h"
#include "tools/server/listeners/tls_setup.h"

namespace lepus::server {

/// What the configuration says of connections that come in.
struct AcceptSettings {
  std::vector<net::AddressRange> proxy_sources = {};  ///< Whose PROXY headers count.
  TlsSetup tls = {};
  net::TicketSecret ticket_secret = {};  ///< The same for all shards.
};

class AcceptFilters final : private net::ProxyStream::Watcher, private net::TlsStream::Watcher {
 public:
  /// Loop and log outlive this object.
  struct Parts {
    io::Loop* loop;
    core::Log* log;
    AcceptSettings settings;
  };
  explicit AcceptFilters(Parts parts)
      : parts_(std::move(parts)), tls_(*parts_.loop, touched_, parts_.settings.ticket_secret) {}
  AcceptFilters(const AcceptFilters&) = delete;
  AcceptFilters& operator=(const AcceptFilters&) = delete;

  /// Returns `stream` or a filter that owns it, which must not outlive this object.
  std::unique_ptr<net::Stream> wrap(std::unique_ptr<net::Stream> stream,
                                    const net::ListenerIdentity& listener);
  /// For connections to come. It has a context if the one before had.
  void set_tls(TlsSetup setup) { parts_.settings.tls = std::move(setup); }
  /// At the begin of a turn: TLS handshakes go on. Returns true if it did something.
  bool poll();
  /// At the end of a turn, before the transport's flush(): filters make output of what was written.
  void flush() { touched_.flush(); }
  /// Something was written into a filter since, or a handshake waits for the next turn.
  bool has_work() const { return !touched_.empty() || tls_.has_work(); }

 private:
  void on_header_refused(const io::PeerName& proxy, const net::ListenerIdentity& listener,
                         std::string_view why) override;

  void on_handshake_failed(const io::PeerName& peer, const net::ListenerIdentity& listener,
                           std::string_view why) override;

  Parts parts_;
  net::FlushList touched_;  ///< Of filters.
  net::TlsShard tls_;
  core::LogGate proxy_errors_;
};

}  // namespace lepus::server
