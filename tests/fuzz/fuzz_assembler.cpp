// A stream of frames through the assembler, next to a model that only counts. What must hold:
// contents are announced before they come, pieces add up to the announced size, `last` is said
// exactly once, and errors have the words of their kind.
#include <cstdint>

#include "core/base/assert.h"
#include "core/base/utf8.h"
#include "net/amqp/codec/assembler.h"
#include "net/amqp/codec/frame.h"

namespace lepus::amqp {
namespace {

constexpr std::size_t payload_max = payload_max_of(frame_min_size);

/// What the channel behind the assembler knows.
struct Model {
  bool header_due = false;
  std::uint64_t body_left = 0;
  MethodId pending{};

  void on(const MethodReady& event) {
    CHECK(!header_due);
    CHECK(body_left == 0);
    CHECK(is_known(class_id_of(event.method), method_id_of(event.method)));
    header_due = has_content(event.method);
    pending = header_due ? event.method : MethodId{};
  }
  void on(const ContentHeader& event) {
    CHECK(header_due);
    CHECK(event.class_id == class_id_of(pending));
    CHECK(event.body_size <= body_size_max);
    header_due = false;
    body_left = event.body_size;
  }
  void on(const BodyPiece& event) {
    CHECK(!header_due);
    CHECK(event.bytes.size() <= body_left);
    CHECK(body_left > 0);
    body_left -= event.bytes.size();
    CHECK(event.last == (body_left == 0));
  }
  void on(const AssemblerError& event) const {
    const core::AmqpError error = event.to_amqp_error();
    CHECK(!error.channel_only());
    CHECK(core::is_utf8(error.detail));
    const bool in_content = header_due || body_left > 0;
    if (event.kind == AssemblerError::Kind::unknown_method) return;
    CHECK((error.class_id != 0) == in_content);
    CHECK(event.pending == (in_content ? pending : MethodId{}));
  }
  bool idle() const { return !header_due && body_left == 0; }
};

void run(core::Bytes input) {
  Assembler assembler;
  Model model;
  while (true) {
    const FrameResult result = next_frame(input, payload_max);
    if (!result.complete()) return;
    input = input.subspan(result.size);
    if (result.frame.type == FrameType::heartbeat) continue;
    const AssemblerEvent event = assembler.on_frame(result.frame);
    std::visit([&model](const auto& one) { model.on(one); }, event);
    if (std::holds_alternative<AssemblerError>(event)) return;
    CHECK(assembler.idle() == model.idle());
  }
}

}  // namespace
}  // namespace lepus::amqp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lepus::amqp::run({data, size});
  return 0;
}
