// The shared memory.
#include "net/tls/tls_shard.h"

#include <array>
#include <cstring>

#include "core/limits.h"

namespace lepus::net {

struct TlsShard::Scratch {
  std::array<std::uint8_t, core::limits::tls_input_room> input;
  std::array<std::uint8_t, core::limits::tls_record_max> output;
};

void TlsShard::FreeScratch::operator()(Scratch* scratch) const {
  std::default_delete<Scratch>{}(scratch);
}

TlsShard::Scratch& TlsShard::scratch() {
  if (scratch_ == nullptr) scratch_.reset(std::make_unique_for_overwrite<Scratch>().release());
  return *scratch_;
}

std::span<std::uint8_t> TlsShard::input_room() { return scratch().input; }

core::Bytes TlsShard::gather(const SendChain& chain) {
  std::array<iovec, 32> pieces{};
  const SendChain::Filled filled =
      chain.fill(std::span<iovec>(pieces), core::limits::tls_record_max);
  CHECK(filled.count > 0);
  const auto* const first = static_cast<const std::uint8_t*>(pieces[0].iov_base);
  if (filled.count == 1) return {first, pieces[0].iov_len};
  std::uint8_t* const target = scratch().output.data();
  std::size_t size = 0;
  for (std::uint32_t i = 0; i < filled.count; ++i) {
    std::memcpy(target + size, pieces[i].iov_base, pieces[i].iov_len);
    size += pieces[i].iov_len;
  }
  return {target, size};
}

}  // namespace lepus::net
