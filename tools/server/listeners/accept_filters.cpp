// See accept_filters.h.
#include "tools/server/listeners/accept_filters.h"

#include <utility>

namespace lepus::server {

std::unique_ptr<net::Stream> AcceptFilters::wrap(std::unique_ptr<net::Stream> stream,
                                                 const net::ListenerIdentity& listener) {
  if (listener.expects_proxy_header) {
    const bool is_trusted =
        net::is_in_any(parts_.settings.proxy_sources, stream->peer().remote.address);
    stream = std::make_unique<net::ProxyStream>(
        std::move(stream), net::ProxyStream::Parts{*this, listener, is_trusted});
  }
  if (listener.tls_settings.empty()) return stream;
  CHECK(parts_.settings.tls.context.has_value());
  return std::make_unique<net::TlsStream>(
      std::move(stream),
      net::TlsStream::Parts{tls_, *parts_.settings.tls.context,
                            parts_.settings.tls.handshake_timeout, *this, listener});
}

bool AcceptFilters::poll() {
  if (!tls_.has_work()) return false;
  tls_.handshakes().work();
  return true;
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

void AcceptFilters::on_handshake_failed(const io::PeerName& peer,
                                        const net::ListenerIdentity& listener,
                                        std::string_view why) {
  parts_.log->write(core::LogLevel::warning, core::LogCategory::connection, "TLS handshake failed",
                    {{"peer", peer.text()}, {"listener", listener.key}, {"reason", why}});
}

}  // namespace lepus::server
