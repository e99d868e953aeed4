// Bodies that do not fit one copy: cut into frames, each frame's bytes taken from the message's
// pieces by reference.
#include "net/amqp/codec/writer.h"

#include <algorithm>
#include <memory>

#include "core/limits.h"

namespace lepus::amqp {

namespace {

/// Keeps a message alive until its last referenced piece was sent.
class BodyPin final : public net::SendOwner {
 public:
  explicit BodyPin(core::MessageRef message) : message_(std::move(message)) {}
  void add_piece() { ++pieces_; }
  void release_sent() override {
    CHECK(pieces_ > 0);
    if (--pieces_ == 0) std::unique_ptr<BodyPin>{this}.reset();
  }

 private:
  core::MessageRef message_;
  std::uint32_t pieces_ = 0;
};

/// Walks the pieces of a body in portions.
class BodyCursor {
 public:
  explicit BodyCursor(const core::Message& message) {
    message.for_each_piece([this](core::Bytes piece) { pieces_.push_back(piece); });
  }
  core::Bytes take(std::size_t max) {
    CHECK(index_ < pieces_.size());
    core::Bytes& piece = pieces_[index_];
    const core::Bytes part = piece.first(std::min(max, piece.size()));
    piece = piece.subspan(part.size());
    if (piece.empty()) ++index_;
    return part;
  }

 private:
  std::vector<core::Bytes> pieces_;
  std::size_t index_ = 0;
};

}  // namespace

void Writer::content_header(std::uint16_t channel, const ContentHeaderFields& header) {
  const std::size_t size = content_header_frame_size(header);
  if (size <= core::limits::send_reserve_max) {
    store_content_header_frame(chain_.reserve(size), channel, header);
    chain_.commit(size);
    return;
  }
  std::vector<std::uint8_t> bytes(size);
  store_content_header_frame(bytes.data(), channel, header);
  chain_.append(bytes);
}

void Writer::body(std::uint16_t channel, core::MessageRef message) {
  std::uint64_t left = message->body_size();
  if (left == 0) return;
  const bool by_reference = left > core::limits::body_copy_max;
  BodyCursor cursor{*message};
  BodyPin* pin = by_reference ? std::make_unique<BodyPin>(std::move(message)).release() : nullptr;
  if (pin != nullptr) pin->add_piece();  // Ours, so that the pin outlives this function.
  while (left > 0) {
    auto in_frame =
        static_cast<std::size_t>(std::min<std::uint64_t>(left, frame_max_ - frame_overhead));
    left -= in_frame;
    std::uint8_t* bytes_at = core::store_u8(chain_.reserve(frame_header_size), frame_body);
    bytes_at = core::store_u16(bytes_at, channel);
    core::store_u32(bytes_at, static_cast<std::uint32_t>(in_frame));
    chain_.commit(frame_header_size);
    while (in_frame > 0) {
      const core::Bytes part = cursor.take(in_frame);
      in_frame -= part.size();
      if (pin == nullptr) {
        chain_.append(part);
      } else {
        pin->add_piece();
        chain_.append_ref(part, pin);
      }
    }
    store_frame_end(chain_.reserve(1));
    chain_.commit(1);
  }
  if (pin != nullptr) pin->release_sent();
}

void Writer::heartbeat() {
  std::uint8_t* cursor = chain_.reserve(frame_overhead);
  store_frame_end(store_frame_header(cursor, {FrameType::heartbeat, 0, {}}));
  chain_.commit(frame_overhead);
}

}  // namespace lepus::amqp
