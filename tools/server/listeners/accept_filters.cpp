// See accept_filters.h.
#include "tools/server/listeners/accept_filters.h"

#include <utility>

namespace lepus::server {

/// A listener for TLS does not get here: the configuration refuses it.
std::unique_ptr<net::Stream> AcceptFilters::wrap(std::unique_ptr<net::Stream> stream,
                                                 const net::ListenerIdentity& listener) {
  CHECK(listener.tls_settings.empty());
  if (listener.expects_proxy_header) {
    const bool is_trusted = net::is_in_any(parts_.proxy_sources, stream->peer().remote.address);
    stream = std::make_unique<net::ProxyStream>(
        std::move(stream), net::ProxyStream::Parts{*this, listener, is_trusted});
  }
  return stream;
}

/// It may come again and again: one line for many.
void AcceptFilters::on_header_refused(const io::PeerName& proxy,
                                      const net::ListenerIdentity& listener, std::string_view why) {
  const std::uint64_t count = proxy_errors_.admit(parts_.loop->now());
  if (count == 0) return;
  parts_.log->write(
      core::LogLevel::warning, core::LogCategory::connection, "PROXY protocol: connection refused",
      {{"peer", proxy.text()}, {"listener", listener.key}, {"reason", why}, {"count", count}});
}

}  // namespace lepus::server
