// See web_files.h: how files are found and unpacked.
#include "tools/server/web/web_files.h"

#include <zlib.h>

#include <algorithm>

namespace lepus::server {

namespace {

/// Largest window of deflate, and 16 for the header of gzip.
constexpr int gzip_window_bits = 15 + 16;

}  // namespace

const WebFile* find_web_file(std::span<const WebFile> files, std::string_view path) {
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&](const WebFile& file) { return file.path == path; });
  return found == files.end() ? nullptr : &*found;
}

std::optional<std::string> unpack(const WebFile& file) {
  std::string text(file.size, '\0');
  z_stream stream{};
  // zlib reads only from next_in; its type lacks the const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(file.compressed.data()));
  stream.avail_in = static_cast<uInt>(file.compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  if (inflateInit2(&stream, gzip_window_bits) != Z_OK) return std::nullopt;
  const int result = inflate(&stream, Z_FINISH);
  const std::size_t size = stream.total_out;
  inflateEnd(&stream);
  if (result != Z_STREAM_END || size != file.size) return std::nullopt;
  return text;
}

}  // namespace lepus::server
