// See backup_list.h. Numbers are checked where they are read: somebody may have edited the file.
#include "persist/backup/backup_list.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/limits/backup.h"
#include "persist/catalog/json_text.h"
#include "persist/journal/format.h"

namespace lepus::persist {

namespace {

using nlohmann::ordered_json;

constexpr std::uint64_t list_format = 1;

std::string path_of(const std::string& directory) { return directory + "/" + backup_list_file; }

ordered_json json_of(const JournalSnapshot& journal) {
  ordered_json segments = ordered_json::array();
  for (const SegmentSnapshot& segment : journal.segments)
    segments.push_back({{"number", segment.number},
                        {"file", segment.file},
                        {"size", segment.size},
                        {"bytes", segment.bytes}});
  return {{"shard", journal.shard}, {"segments", std::move(segments)}};
}

/// A whole number at `key`; false: there is none.
template <class Number>
bool read_number(const ordered_json& object, const char* key, Number& out) {
  if (!object.is_object() || !object.contains(key)) return false;
  const ordered_json& value = object[key];
  if (!value.is_number_unsigned() ||
      value.get<std::uint64_t>() > std::numeric_limits<Number>::max())
    return false;
  out = value.get<Number>();
  return true;
}

bool read_segment(const ordered_json& object, SegmentSnapshot& segment) {
  return read_number(object, "number", segment.number) &&
         read_number(object, "file", segment.file) && read_number(object, "size", segment.size) &&
         read_number(object, "bytes", segment.bytes) && segment.bytes <= segment.size &&
         segment.size % block_size == 0 && segment.bytes % block_size == 0;
}

bool read_journal(const ordered_json& object, JournalSnapshot& journal) {
  if (!read_number(object, "shard", journal.shard) || !object.contains("segments")) return false;
  const ordered_json& segments = object["segments"];
  if (!segments.is_array()) return false;
  for (const ordered_json& segment : segments)
    if (!read_segment(segment, journal.segments.emplace_back())) return false;
  return true;
}

bool read_list(const ordered_json& object, BackupList& list) {
  if (!read_number(object, "store", list.store) ||
      !read_number(object, "created_ms", list.created_ms) ||
      !read_number(object, "unreadable_bytes", list.unreadable_bytes))
    return false;
  if (!object.contains("lepus_version") || !object["lepus_version"].is_string()) return false;
  list.version = object["lepus_version"].get<std::string>();
  if (!object.contains("shards") || !object["shards"].is_array()) return false;
  for (const ordered_json& journal : object["shards"]) {
    list.journals.emplace_back().store = list.store;
    if (!read_journal(journal, list.journals.back())) return false;
  }
  return true;
}

std::string read_text(io::Disk& disk, const std::string& directory, std::string& text) {
  const std::string path = path_of(directory);
  const int fd = disk.open(path, {});
  if (fd == -ENOENT || fd == -ENOTDIR)
    return fmt::format("{} is no finished backup: there is no {} in it", directory,
                       backup_list_file);
  if (fd < 0) return fmt::format("cannot read {}: {}", path, std::strerror(-fd));
  const std::int64_t size = disk.size(fd);
  std::int64_t got = size;
  if (size > static_cast<std::int64_t>(core::limits::backup_list_size_max)) got = -EFBIG;
  if (got >= 0) {
    text.resize(static_cast<std::size_t>(size));
    got = disk.read(fd, 0, reinterpret_cast<std::uint8_t*>(text.data()), text.size());
  }
  disk.close(fd);
  return got == size ? ""
                     : fmt::format("cannot read {}: {}", path,
                                   std::strerror(got < 0 ? static_cast<int>(-got) : EIO));
}

}  // namespace

std::string write_backup_list(io::Disk& disk, const std::string& directory,
                              const BackupList& list) {
  ordered_json shards = ordered_json::array();
  for (const JournalSnapshot& journal : list.journals) shards.push_back(json_of(journal));
  const ordered_json object{{"format", list_format},
                            {"lepus_version", list.version},
                            {"store", list.store},
                            {"created_ms", list.created_ms},
                            {"unreadable_bytes", list.unreadable_bytes},
                            {"shards", std::move(shards)}};
  const std::string text = object.dump(1) + "\n";
  const std::string path = path_of(directory);
  const int fd = disk.open(path, {.write = true, .create = true});
  int code = fd < 0 ? fd : disk.write(fd, 0, core::as_bytes(text));
  if (code == 0) code = disk.sync(fd);
  if (fd >= 0) disk.close(fd);
  return code == 0 ? "" : fmt::format("cannot write {}: {}", path, std::strerror(-code));
}

std::string read_backup_list(io::Disk& disk, const std::string& directory, BackupList& list) {
  std::string text;
  if (std::string error = read_text(disk, directory, text); !error.empty()) return error;
  const std::string path = path_of(directory);
  if (const std::string wrong = check_json(text); !wrong.empty())
    return fmt::format("{}: {}; it was changed or cut off", path, wrong);
  const ordered_json object = parse_json(text);
  std::uint64_t format = 0;
  if (!read_number(object, "format", format) || format == 0)
    return fmt::format("{}: it does not say its format, as the list of a backup does", path);
  if (format > list_format)
    return fmt::format("{}: of a later version (format {}, this program knows {})", path, format,
                       list_format);
  list = {};
  if (!read_list(object, list))
    return fmt::format("{}: not the list of a backup; it was changed", path);
  return {};
}

}  // namespace lepus::persist
