// Files that a verb reads or writes as a whole; "-" is standard input or output.
#pragma once

#include <string>
#include <string_view>

namespace lepus::ctl {

/// False: errno says why not.
bool read_whole(const std::string& path, std::string& text);
/// The same. A file is made readable by its owner only: password hashes may be in it.
bool write_whole(const std::string& path, std::string_view text);

}  // namespace lepus::ctl
