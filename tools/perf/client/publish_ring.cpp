// Layout of a slot (offsets follow from the frame formats in wire.h):
//
//   method frame: 7 + 4 + 2 + (1 + exchange) + (1 + key) + 1 + 1
//   header frame: 7 + 14 + properties + 1          properties = [headers table] [delivery mode]
//                                                              [priority]
//   body frames:  7 + piece + 1 each               the first begins with the time stamp
#include "tools/perf/client/publish_ring.h"

#include <algorithm>

#include "tools/perf/client/methods.h"

namespace lepus::perf {

namespace {

// Large enough that a send call's fixed cost does not show, small enough for the second-level
// cache.
constexpr size_t ring_size_wanted = size_t{1} << 18;
constexpr std::string_view target_header = "queue";

std::string encode_properties(const Options& options, const Target& target, uint16_t& flags) {
  Bytes bytes;
  Writer to(bytes);
  if (!target.header_value.empty()) {
    flags |= property_headers;
    const size_t table = to.begin_table();
    to.field_string(target_header, target.header_value);
    to.end_table(table);
  }
  if (options.persistent) {
    flags |= property_delivery_mode;
    to.u8(2);
  }
  if (options.priorities > 0) {
    flags |= property_priority;
    to.u8(0);  // The last byte: see below.
  }
  return {bytes.begin(), bytes.end()};
}

}  // namespace

PublishRing::PublishRing(const Config& config) : targets_(config.targets) {
  const Options& options = *config.options;
  const Target& first = targets_.front();
  Publish publish;
  publish.exchange = config.exchange;
  publish.key = first.key;
  publish.mandatory = options.mandatory;
  const std::string properties = encode_properties(options, first, publish.flags);
  publish.properties = properties;
  publish.body_size = options.body_size;
  publish.frame_size_max = config.frame_size_max;
  Bytes slot;
  write_publish(slot, publish);
  slot_size_ = slot.size();
  slot_count_ = std::max<size_t>(1, ring_size_wanted / slot_size_);
  bytes_.reserve(slot_count_ * slot_size_);
  for (size_t index = 0; index < slot_count_; ++index)
    bytes_.insert(bytes_.end(), slot.begin(), slot.end());

  key_offset_ = frame_head_size + 4 + 2 + 1 + publish.exchange.size() + 1;
  const size_t method_frame_size = key_offset_ + publish.key.size() + 1 + 1;
  const size_t properties_offset = method_frame_size + frame_head_size + 14;
  // table size, then name, type and length of the value
  header_offset_ = properties_offset + 4 + 1 + target_header.size() + 1 + 4;
  stamp_offset_ = properties_offset + properties.size() + 1 + frame_head_size;
  stamped_ = options.body_size >= sizeof(uint64_t);
  const size_t priority_offset = properties_offset + properties.size() - 1;
  for (size_t index = 0; options.priorities > 0 && index < slot_count_; ++index)
    bytes_[index * slot_size_ + priority_offset] = static_cast<uint8_t>(index % options.priorities);
}

bool PublishRing::send(Connection& connection) {
  const size_t ring_size = slot_count_ * slot_size_;
  while (pending()) {
    const size_t begin = static_cast<size_t>(sent_size_ % ring_size);
    const size_t size = static_cast<size_t>(prepared_ * slot_size_ - sent_size_);
    const size_t first_size = std::min(size, ring_size - begin);
    const size_t sent =
        connection.send_pieces(bytes_.data() + begin, first_size, bytes_.data(), size - first_size);
    sent_size_ += sent;
    if (sent < size) return false;
  }
  return true;
}

void PublishRing::patch_target(uint8_t* slot) {
  const Target& target = targets_[next_target_];
  if (++next_target_ == targets_.size()) next_target_ = 0;
  std::memcpy(slot + key_offset_, target.key.data(), target.key.size());
  if (!target.header_value.empty()) {
    std::memcpy(slot + header_offset_, target.header_value.data(), target.header_value.size());
  }
}

}  // namespace lepus::perf
