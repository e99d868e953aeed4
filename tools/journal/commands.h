// What lepus-journal can do. Everything is read through io/disk.h and nothing is written, so a
// running broker is not disturbed.
#pragma once

#include <cstdio>
#include <string>

#include "io/disk.h"
#include "persist/backup/backup_list.h"
#include "tools/journal/options.h"

namespace lepus::journal {

struct Context {
  io::Disk& disk;
  const Options& options;
  std::FILE* out;
  std::FILE* errors;
  /// With verify: what the journals were copied from. Null: the directory's own list, if it is a
  /// backup.
  const persist::BackupList* backup = nullptr;
};

/// Exit codes, see options.cpp.
int run_command(const Context& context);

/// For each of them the shard's directory exists.
int print_summary(const Context& context, std::uint32_t shard);
int verify(const Context& context, std::uint32_t shard);
int print_records(const Context& context, std::uint32_t shard);

}  // namespace lepus::journal
