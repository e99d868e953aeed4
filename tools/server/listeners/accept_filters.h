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

namespace lepus::server {

class AcceptFilters final : private net::ProxyStream::Watcher {
 public:
  /// Loop and log outlive this object.
  struct Parts {
    io::Loop* loop;
    core::Log* log;
    std::vector<net::AddressRange> proxy_sources;  ///< Whose headers count.
  };
  explicit AcceptFilters(Parts parts) : parts_(std::move(parts)) {}
  AcceptFilters(const AcceptFilters&) = delete;
  AcceptFilters& operator=(const AcceptFilters&) = delete;

  /// Returns `stream` or a filter that owns it, which must not outlive this object.
  std::unique_ptr<net::Stream> wrap(std::unique_ptr<net::Stream> stream,
                                    const net::ListenerIdentity& listener);
  /// At the end of a turn, before the transport's flush(): filters make output of what was written.
  void flush() { touched_.flush(); }
  /// Something was written into a filter since.
  bool has_work() const { return !touched_.empty(); }

 private:
  void on_header_refused(const io::PeerName& proxy, const net::ListenerIdentity& listener,
                         std::string_view why) override;

  Parts parts_;
  net::FlushList touched_;  ///< Of filters.
  core::LogGate proxy_errors_;
};

}  // namespace lepus::server
