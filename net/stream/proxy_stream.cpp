// See proxy_stream.h.
#include "net/stream/proxy_stream.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "net/stream/proxy_header.h"

namespace lepus::net {

ProxyStream::ProxyStream(std::unique_ptr<Stream> below, const Parts& parts)
    : below_(std::move(below)), parts_(parts), peer_(below_->peer()) {
  peer_.is_relayed = true;
}

void ProxyStream::start(StreamHandler& handler) {
  handler_ = &handler;
  below_->start(*this);
}

void ProxyStream::on_bytes(core::Bytes bytes) {
  if (state_ == State::passing) return handler_->on_bytes(bytes);
  if (state_ == State::reading) read_header(bytes);
}

/// What a header is too long for is never kept.
void ProxyStream::read_header(core::Bytes bytes) {
  if (!parts_.is_trusted) return refuse("its address is not in proxy_protocol.trusted_sources");
  const std::size_t kept = read_.size();
  const std::size_t room = core::limits::proxy_header_max - kept;
  read_ += core::as_text(bytes.first(std::min(bytes.size(), room)));
  ProxyHeader header = read_proxy_header(core::as_bytes(read_));
  if (header.state == ProxyHeader::State::invalid) return refuse(header.error);
  if (header.state == ProxyHeader::State::incomplete) return;
  CHECK(header.size > kept);
  state_ = State::passing;
  read_ = {};
  if (header.has_ends) {
    peer_ = {};
    peer_.remote = std::move(header.source);
    peer_.local = std::move(header.destination);
  }
  const core::Bytes rest = bytes.subspan(header.size - kept);
  if (!rest.empty()) handler_->on_bytes(rest);
}

void ProxyStream::refuse(std::string_view why) {
  state_ = State::refused;
  read_ = {};
  parts_.watcher.on_header_refused(below_->peer(), parts_.listener, why);
  below_->close();
}

}  // namespace lepus::net
