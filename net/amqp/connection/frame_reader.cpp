// Body frames in pieces, and frames that were cut in two.
#include "net/amqp/connection/frame_reader.h"

namespace lepus::amqp {

std::optional<ProtocolHeader> FrameReader::take_protocol_header(core::Bytes& bytes) {
  CHECK(carried_.size() < protocol_header_size);
  const std::size_t lacking = protocol_header_size - carried_.size();
  const core::Bytes part = bytes.first(std::min(lacking, bytes.size()));
  carried_.append(part);
  bytes = bytes.subspan(part.size());
  if (carried_.size() < protocol_header_size) return std::nullopt;
  ProtocolHeader header{};
  const CarriedInput kept = take_carried();
  std::copy(kept.bytes().begin(), kept.bytes().end(), header.begin());
  return header;
}

/// The header of a body frame whose payload is still to come. Its size was checked by next_frame().
bool FrameReader::begin_body(core::Bytes& bytes) {
  if (bytes.size() < frame_header_size + 2) return false;
  if (bytes[0] != frame_body || core::load_u16(bytes.data() + 1) == 0) return false;
  body_.channel = core::load_u16(bytes.data() + 1);
  body_.left = core::load_u32(bytes.data() + 3);
  bytes = bytes.subspan(frame_header_size);
  CHECK(body_.left > 0);  // An empty one would have been complete.
  return true;
}

/// What is there of the body frame. Incomplete: only its last byte is, without the end octet.
FrameResult FrameReader::next_piece(core::Bytes& bytes) {
  FrameResult result;
  const bool is_whole = bytes.size() > body_.left;
  if (is_whole && bytes[body_.left] != frame_end) {
    result.status = FrameStatus::bad_end;
    result.frame = {FrameType::body, body_.channel, bytes.first(body_.left)};
    result.culprit = bytes[body_.left];
    body_.left = 0;
    return result;
  }
  const std::size_t size =
      is_whole ? body_.left : std::min<std::size_t>(bytes.size(), body_.left - 1);
  if (size == 0) return result;
  result.status = FrameStatus::complete;
  result.frame = {FrameType::body, body_.channel, bytes.first(size)};
  bytes = bytes.subspan(is_whole ? size + 1 : size);
  body_.left = is_whole ? 0 : body_.left - static_cast<std::uint32_t>(size);
  return result;
}

FrameReader::Completed FrameReader::complete(core::Bytes& bytes) {
  CHECK(!carried_.empty());
  if (body_.left > 0) {  // Its last byte waits for the end octet.
    CHECK(body_.left == 1);
    CHECK(carried_.size() == 1);
    carried_.append(bytes.first(1));
    bytes = bytes.subspan(1);
    Completed last{{}, take_carried()};
    core::Bytes whole = last.bytes.bytes();
    last.result = next_piece(whole);
    return last;
  }
  const FrameResult before = next_frame(carried_.bytes(), payload_max_);
  CHECK(before.incomplete());
  const core::Bytes part = bytes.first(std::min(before.size - carried_.size(), bytes.size()));
  carried_.reserve(before.size);  // Known and bounded by now: no growing by copying.
  carried_.append(part);
  bytes = bytes.subspan(part.size());
  Completed frame{next_frame(carried_.bytes(), payload_max_), {}};
  if (!frame.result.incomplete()) frame.bytes = take_carried();  // Moved: the views stay good.
  return frame;
}

}  // namespace lepus::amqp
