// SQLite's table of functions for a file system and for a file; see sqlite.org/vfs.html.
#include "tests/unit/persist/catalog/sim_vfs.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "core/base/assert.h"

namespace lepus::persist::test {

/// SQLite gives the memory; `base` comes first.
struct SimVfs::File {
  sqlite3_file base{};
  SimVfs* owner = nullptr;
  int fd = -1;
  std::string remove_on_close{};
  std::vector<std::unique_ptr<std::uint64_t[]>> shared_memory{};
};

struct SimVfs::Methods {
  static SimVfs& vfs_of(sqlite3_vfs* vfs) { return *static_cast<SimVfs*>(vfs->pAppData); }
  static File& file_of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }

  // --- The file system

  static int open(SimVfs& self, const char* name, sqlite3_file* out, int flags) {
    out->pMethods = nullptr;
    if (name == nullptr || !self.step()) return SQLITE_CANTOPEN;
    const int fd = self.disk_.open(name, {.write = (flags & SQLITE_OPEN_READWRITE) != 0,
                                          .create = (flags & SQLITE_OPEN_CREATE) != 0});
    if (fd < 0) return SQLITE_CANTOPEN;
    File& file = *new (out) File;
    file.base.pMethods = &table();
    file.owner = &self;
    file.fd = fd;
    if ((flags & SQLITE_OPEN_DELETEONCLOSE) != 0) file.remove_on_close = name;
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs* vfs, const char* name, int) {
    SimVfs& self = vfs_of(vfs);
    if (!self.step()) return SQLITE_IOERR_DELETE;
    const int code = self.disk_.remove(name);
    if (code == -ENOENT) return SQLITE_IOERR_DELETE_NOENT;
    return code < 0 ? SQLITE_IOERR_DELETE : SQLITE_OK;
  }
  static int access(sqlite3_vfs* vfs, const char* name, int, int* out) {
    SimVfs& self = vfs_of(vfs);
    if (!self.step()) return SQLITE_IOERR_ACCESS;
    *out = self.disk_.find(name) != nullptr ? 1 : 0;
    return SQLITE_OK;
  }
  static int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
    if (std::strlen(name) >= static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
    std::strcpy(out, name);
    return SQLITE_OK;
  }

  // --- A file

  static int close(sqlite3_file* base) {
    File& file = file_of(base);
    if (!file.owner->is_dead()) {
      file.owner->disk_.close(file.fd);
      if (!file.remove_on_close.empty()) (void)file.owner->disk_.remove(file.remove_on_close);
    }
    file.~File();
    base->pMethods = nullptr;
    return SQLITE_OK;
  }
  static int read(sqlite3_file* base, void* out, int size, sqlite3_int64 offset) {
    File& file = file_of(base);
    if (!file.owner->step()) return SQLITE_IOERR_READ;
    auto* bytes = static_cast<std::uint8_t*>(out);
    const std::int64_t got = file.owner->disk_.read(file.fd, static_cast<std::uint64_t>(offset),
                                                    bytes, static_cast<std::size_t>(size));
    if (got < 0) return SQLITE_IOERR_READ;
    if (got == size) return SQLITE_OK;
    std::memset(bytes + got, 0, static_cast<std::size_t>(size - got));
    return SQLITE_IOERR_SHORT_READ;
  }
  static int write(sqlite3_file* base, const void* from, int size, sqlite3_int64 offset) {
    File& file = file_of(base);
    if (!file.owner->step()) return SQLITE_IOERR_WRITE;
    const int code = file.owner->disk_.write(
        file.fd, static_cast<std::uint64_t>(offset),
        {static_cast<const std::uint8_t*>(from), static_cast<std::size_t>(size)});
    if (code == -ENOSPC) return SQLITE_FULL;
    return code < 0 ? SQLITE_IOERR_WRITE : SQLITE_OK;
  }
  static int truncate(sqlite3_file* base, sqlite3_int64 size) {
    File& file = file_of(base);
    if (!file.owner->step()) return SQLITE_IOERR_TRUNCATE;
    const int code = file.owner->disk_.truncate(file.fd, static_cast<std::uint64_t>(size));
    return code < 0 ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
  }
  static int sync(sqlite3_file* base, int) {
    File& file = file_of(base);
    if (!file.owner->step()) return SQLITE_IOERR_FSYNC;
    ++file.owner->sync_count_;
    if (file.owner->forgets_syncs_) return SQLITE_OK;
    return file.owner->disk_.sync(file.fd) < 0 ? SQLITE_IOERR_FSYNC : SQLITE_OK;
  }
  static int size(sqlite3_file* base, sqlite3_int64* out) {
    File& file = file_of(base);
    if (!file.owner->step()) return SQLITE_IOERR_FSTAT;
    *out = file.owner->disk_.size(file.fd);
    return *out < 0 ? SQLITE_IOERR_FSTAT : SQLITE_OK;
  }
  static int lock(sqlite3_file*, int) { return SQLITE_OK; }
  static int check_lock(sqlite3_file*, int* out) {
    *out = 0;
    return SQLITE_OK;
  }
  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector_size(sqlite3_file*) { return 4096; }
  /// As on Linux: a write changes nothing beside its own bytes, also when the power is cut in it.
  static int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int map(sqlite3_file* base, int page, int size, void volatile** out) {
    File& file = file_of(base);
    const auto index = static_cast<std::size_t>(page);
    const std::size_t words = static_cast<std::size_t>(size) / sizeof(std::uint64_t);
    while (file.shared_memory.size() <= index)
      file.shared_memory.push_back(std::make_unique<std::uint64_t[]>(words));
    *out = file.shared_memory[index].get();
    return SQLITE_OK;
  }
  static int lock_shared(sqlite3_file*, int, int, int) { return SQLITE_OK; }
  static void barrier(sqlite3_file*) {}
  static int unmap(sqlite3_file* base, int) {
    file_of(base).shared_memory.clear();
    return SQLITE_OK;
  }

  static const sqlite3_io_methods& table() {
    static const sqlite3_io_methods methods = [] {
      sqlite3_io_methods made{};
      made.iVersion = 2;
      made.xClose = close;
      made.xRead = read;
      made.xWrite = write;
      made.xTruncate = truncate;
      made.xSync = sync;
      made.xFileSize = size;
      made.xLock = lock;
      made.xUnlock = lock;
      made.xCheckReservedLock = check_lock;
      made.xFileControl = control;
      made.xSectorSize = sector_size;
      made.xDeviceCharacteristics = characteristics;
      made.xShmMap = [](sqlite3_file* base, int page, int size, int, void volatile** out) {
        return map(base, page, size, out);
      };
      made.xShmLock = lock_shared;
      made.xShmBarrier = barrier;
      made.xShmUnmap = unmap;
      return made;
    }();
    return methods;
  }
};

/// Time and chance are those of the usual one.
SimVfs::SimVfs(io::SimDisk& disk)
    : disk_(disk), vfs_(std::make_unique<sqlite3_vfs>()), usual_(sqlite3_vfs_find(nullptr)) {
  CHECK(usual_ != nullptr);
  *vfs_ = *usual_;
  vfs_->iVersion = 2;
  vfs_->pNext = nullptr;
  vfs_->zName = "sim";
  vfs_->szOsFile = sizeof(File);
  vfs_->pAppData = this;
  vfs_->xOpen = [](sqlite3_vfs* vfs, const char* name, sqlite3_file* out, int flags, int* got) {
    if (got != nullptr) *got = flags;
    return Methods::open(Methods::vfs_of(vfs), name, out, flags);
  };
  vfs_->xDelete = Methods::remove;
  vfs_->xAccess = Methods::access;
  vfs_->xFullPathname = Methods::full_path;
  CHECK(sqlite3_vfs_register(vfs_.get(), 1) == SQLITE_OK);
}

SimVfs::~SimVfs() {
  CHECK(sqlite3_vfs_unregister(vfs_.get()) == SQLITE_OK);
  CHECK(sqlite3_vfs_register(usual_, 1) == SQLITE_OK);
}

bool SimVfs::step() {
  if (calls_left_ > 0 && calls_left_ != UINT64_MAX) --calls_left_;
  return calls_left_ > 0;
}

}  // namespace lepus::persist::test
