// See accept_filters.h.
#include "tools/server/accept_filters.h"

#include <utility>

namespace lepus::server {

/// A listener for TLS does not get here: the configuration refuses it.
std::unique_ptr<net::Stream> AcceptFilters::wrap(std::unique_ptr<net::Stream> stream,
                                                 const net::ListenerIdentity& listener) {
  CHECK(listener.tls_settings.empty());
  return stream;
}

}  // namespace lepus::server
