// Any bytes as the header of a proxy. What must hold: a complete header is within the limit and in
// the bytes, each shorter prefix of it is incomplete, what follows does not matter, and what is
// incomplete is shorter than the limit.
#include <cstdint>

#include "core/base/assert.h"
#include "core/limits.h"
#include "net/stream/proxy_header.h"

namespace lepus::net {
namespace {

using State = ProxyHeader::State;

void check_complete(core::Bytes input, const ProxyHeader& header) {
  CHECK(header.size > 0);
  CHECK(header.size <= input.size());
  CHECK(header.size <= core::limits::proxy_header_max);
  CHECK(header.has_ends == !header.source.address.empty());
  CHECK(header.has_ends == !header.destination.address.empty());
  const ProxyHeader alone = read_proxy_header(input.first(header.size));
  CHECK(alone.state == State::complete);
  CHECK(alone.size == header.size);
  CHECK(alone.source.address == header.source.address);
  for (std::size_t size = 0; size < header.size; size = size * 2 + 1)
    CHECK(read_proxy_header(input.first(size)).state == State::incomplete);
}

void run(core::Bytes input) {
  const ProxyHeader header = read_proxy_header(input);
  switch (header.state) {
    case State::incomplete:
      CHECK(input.size() < core::limits::proxy_header_max);
      return;
    case State::invalid:
      CHECK(!header.error.empty());
      return;
    case State::complete:
      return check_complete(input, header);
  }
}

}  // namespace
}  // namespace lepus::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lepus::net::run({data, size});
  return 0;
}
