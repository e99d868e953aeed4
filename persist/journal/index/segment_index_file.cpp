// A file that could not be written whole is removed: it would only take room.
#include "persist/journal/index/segment_index_file.h"

#include <fmt/format.h>

#include <cerrno>

#include "core/base/assert.h"
#include "core/limits/segment_index.h"
#include "persist/journal/format.h"
#include "persist/journal/segment_files.h"

namespace lepus::persist {

namespace {
constexpr std::string_view index_suffix = ".idx";
constexpr std::uint64_t file_size_max =
    core::limits::segment_index_size_max + sizeof(SegmentIndexHeader);
}  // namespace

std::string segment_index_name(std::uint32_t index) {
  return fmt::format("{:06}{}", index, index_suffix);
}

std::string segment_index_path(const std::string& directory, std::uint32_t index) {
  return directory + "/" + segment_index_name(index);
}

std::optional<std::uint32_t> parse_segment_index_name(const std::string& name) {
  if (!name.ends_with(index_suffix)) return std::nullopt;
  return parse_segment_file_name(name.substr(0, name.size() - index_suffix.size()) + ".seg");
}

std::vector<std::uint8_t> read_segment_index(io::Disk& disk, const std::string& path) {
  const int fd = disk.open(path, {});
  if (fd < 0) return {};
  std::vector<std::uint8_t> bytes;
  const std::int64_t size = disk.size(fd);
  if (size > 0 && static_cast<std::uint64_t>(size) <= file_size_max) {
    bytes.resize(static_cast<std::size_t>(size));
    if (disk.read(fd, 0, bytes.data(), bytes.size()) != size) bytes.clear();
  }
  disk.close(fd);
  return bytes;
}

int write_segment_index(io::Disk& disk, const std::string& directory, std::uint32_t index,
                        core::Bytes bytes) {
  CHECK(!bytes.empty());
  CHECK(bytes.size() <= file_size_max);
  int fd = disk.open(segment_file_path(directory, index), {.write = true});
  if (fd < 0) return fd;
  int code = disk.sync(fd);
  disk.close(fd);
  if (code < 0) return code;
  const std::string path = segment_index_path(directory, index);
  fd = disk.open(path, {.write = true, .create = true});
  if (fd < 0) return fd;
  code = disk.write(fd, 0, bytes);
  disk.close(fd);
  if (code < 0) (void)disk.remove(path);
  return code;
}

int remove_segment_index(io::Disk& disk, const std::string& directory, std::uint32_t index) {
  const int code = disk.remove(segment_index_path(directory, index));
  return code == -ENOENT ? 0 : code;
}

}  // namespace lepus::persist
