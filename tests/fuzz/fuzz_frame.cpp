// Any bytes as a stream of frames. What must hold: a complete frame encodes back to the bytes it
// came from, each shorter prefix of it is incomplete, an incomplete one says a size larger than the
// input, and every error has readable words.
#include <cstdint>
#include <vector>

#include "core/base/assert.h"
#include "core/base/utf8.h"
#include "net/amqp/codec/frame.h"

namespace lepus::amqp {
namespace {

constexpr std::size_t payload_max = payload_max_of(frame_min_size);

void check_complete(core::Bytes input, const FrameResult& result) {
  CHECK(result.size == result.frame.payload.size() + frame_overhead);
  CHECK(result.size <= input.size());
  std::vector<std::uint8_t> encoded(result.size);
  std::uint8_t* at = store_frame_header(encoded.data(), result.frame);
  at = store_frame_end(core::store_bytes(at, result.frame.payload));
  CHECK(at == encoded.data() + encoded.size());
  CHECK(core::as_text(encoded) == core::as_text(input.first(result.size)));
  for (std::size_t size = 0; size < result.size; size = size * 2 + 1) {
    CHECK(next_frame(input.first(size), payload_max).incomplete());
  }
}

void check_error(const FrameResult& result) {
  const core::AmqpError error = result.error();
  CHECK(!error.channel_only());
  CHECK(error.detail.starts_with("type "));
  CHECK(core::is_utf8(error.detail));
  CHECK(error.text().size() <= 255);
}

void run(core::Bytes input) {
  while (true) {
    const FrameResult result = next_frame(input, payload_max);
    if (result.incomplete()) {
      CHECK(result.size > input.size());
      CHECK(result.size <= payload_max + frame_size_fudge + frame_overhead);
      return;
    }
    if (!result.complete()) return check_error(result);
    check_complete(input, result);
    input = input.subspan(result.size);
  }
}

}  // namespace
}  // namespace lepus::amqp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lepus::amqp::run({data, size});
  return 0;
}
