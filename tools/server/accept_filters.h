// What a connection goes through between its socket and its protocol, as its listener says: the one
// place where filters are put on streams that were accepted.
//
//   socket -> the header of a proxy -> TLS -> AMQP
#pragma once

#include <memory>

#include "core/base/log.h"
#include "io/loop.h"
#include "net/stream/flush_list.h"
#include "net/stream/stream.h"

namespace lepus::server {

class AcceptFilters {
 public:
  /// Both outlive this object.
  struct Parts {
    io::Loop* loop;
    core::Log* log;
  };
  explicit AcceptFilters(const Parts& parts) : parts_(parts) {}

  /// Returns `stream` or a filter that owns it.
  std::unique_ptr<net::Stream> wrap(std::unique_ptr<net::Stream> stream,
                                    const net::ListenerIdentity& listener);
  /// At the end of a turn, before the transport's flush(): filters make output of what was written.
  void flush() { touched_.flush(); }

 private:
  Parts parts_;
  net::FlushList touched_;  ///< Of filters.
};

}  // namespace lepus::server
