// The files of indexes: `000007.idx` beside `000007.seg`. Blocking calls, for starts and tools; a
// running journal writes them by ops (persist/journal/index/segment_index_writer.h).
//
// They are not synced. After a power cut one is whole, cut off, full of zeros or absent; its CRC
// tells, and the segment is read instead. What an index says is durable before it is written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "io/disk.h"

namespace lepus::persist {

/// `index` is that of the segment's file.
std::string segment_index_name(std::uint32_t index);
std::string segment_index_path(const std::string& directory, std::uint32_t index);
/// The index in a file's name; nothing: it is no index of a segment.
std::optional<std::uint32_t> parse_segment_index_name(const std::string& name);

/// The whole file; empty when it cannot be read, or is larger than any index.
std::vector<std::uint8_t> read_segment_index(io::Disk& disk, const std::string& path);

/// Makes durable what was read of the segment, then writes its index. 0 or -errno; then there is
/// none.
int write_segment_index(io::Disk& disk, const std::string& directory, std::uint32_t index,
                        core::Bytes bytes);

/// 0 also when there is none. The removal is durable.
int remove_segment_index(io::Disk& disk, const std::string& directory, std::uint32_t index);

}  // namespace lepus::persist
