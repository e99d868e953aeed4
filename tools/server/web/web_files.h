// The files of the web interface (tools/web), compressed, inside of the program: web_files() is
// made by tools/build/embed.py while building.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace lepus::server {

struct WebFile {
  std::string_view path;  ///< "/js/main.js"
  std::string_view content_type;
  std::string_view etag;        ///< As in the header ETag.
  std::string_view compressed;  ///< With gzip.
  std::size_t size;             ///< Of the file itself, bytes.
};

/// Ordered by path.
std::span<const WebFile> web_files();

/// `path` as in WebFile; null: there is none.
const WebFile* find_web_file(std::span<const WebFile> files, std::string_view path);

/// The file itself. Nothing: its compressed form is broken, or there was no memory for it.
std::optional<std::string> unpack(const WebFile& file);

}  // namespace lepus::server
