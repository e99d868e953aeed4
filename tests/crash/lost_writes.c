/* Loaded in front of libc by lost_writes.py: writes down what each write to a file replaces, and
   what each sync makes safe, so that a power cut can take from the files what was not synced.

     open, close      which file a descriptor is; MADE when it was not there
     pwrite, ...      UNDO: the old bytes, before the new ones are written
     ftruncate        UNDO of what is cut off, or of the size
     fdatasync, ...   SYNC: all that was written to the file before the call is safe; of a
                      directory: its names
     rename, unlink   RENAME, GONE

   LOST_ROOT: only files below; LOST_LOG: where it is written down; LOST_SYNCS=suffix: syncs of
   files whose name ends so do nothing, a mistake that must be noticed. io_uring goes past libc: the
   broker must run with epoll. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { UNDO = 1, SYNC = 2, MADE = 3, RENAME = 4, GONE = 5 };
enum { FILES = 65536, BLOCK = 4096 };

struct record {
  uint32_t kind;
  uint32_t path_size;
  uint64_t sequence; /* SYNC: all up to this one are safe. */
  uint64_t offset;
  uint64_t old_size; /* Of the file. */
  uint64_t size;     /* Of the bytes behind the path. */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char* paths[FILES];
static uint64_t sequence;
static int log_fd = -1;
static const char* root;
static const char* no_syncs;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
  root = getenv("LOST_ROOT");
  no_syncs = getenv("LOST_SYNCS");
  const char* log = getenv("LOST_LOG");
  if (root != NULL && log != NULL)
    log_fd = REAL(open64)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void put(const void* bytes, size_t size) {
  const char* next = bytes;
  while (size > 0) {
    const ssize_t done = write(log_fd, next, size);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) abort();
    next += done;
    size -= (size_t)done;
  }
}

static void note(struct record record, const char* path, const void* bytes) {
  record.path_size = (uint32_t)strlen(path);
  char* whole = malloc(sizeof record + record.path_size + record.size);
  if (whole == NULL) abort();
  memcpy(whole, &record, sizeof record);
  memcpy(whole + sizeof record, path, record.path_size);
  if (record.size > 0) memcpy(whole + sizeof record + record.path_size, bytes, record.size);
  put(whole, sizeof record + record.path_size + record.size);
  free(whole);
}

static int is_watched(const char* path) {
  return log_fd >= 0 && path != NULL && strncmp(path, root, strlen(root)) == 0;
}

static const char* path_of(int fd) {
  return fd >= 0 && fd < FILES && is_watched(paths[fd]) ? paths[fd] : NULL;
}

static int opened(int fd, const char* path, int was_there) {
  if (fd < 0 || fd >= FILES || log_fd < 0) return fd;
  char whole[PATH_MAX];
  const int code = errno;
  pthread_mutex_lock(&lock);
  free(paths[fd]);
  paths[fd] = realpath(path, whole) != NULL ? strdup(whole) : NULL;
  if (!was_there && path_of(fd) != NULL)
    note((struct record){.kind = MADE, .sequence = ++sequence}, paths[fd], NULL);
  pthread_mutex_unlock(&lock);
  errno = code;
  return fd;
}

static int open_file(int directory, const char* path, int flags, mode_t mode) {
  const int was_there = (flags & O_CREAT) == 0 || faccessat(directory, path, F_OK, 0) == 0;
  const int fd = REAL(openat64)(directory, path, flags, mode);
  return opened(fd, path, was_there);
}

static mode_t mode_in(va_list rest, int flags) {
  return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
}

#define OPEN(name)                                  \
  int name(const char* path, int flags, ...) {      \
    va_list rest;                                   \
    va_start(rest, flags);                          \
    const mode_t mode = mode_in(rest, flags);       \
    va_end(rest);                                   \
    return open_file(AT_FDCWD, path, flags, mode);  \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  if (fd >= 0 && fd < FILES && log_fd >= 0) {
    pthread_mutex_lock(&lock);
    free(paths[fd]);
    paths[fd] = NULL;
    pthread_mutex_unlock(&lock);
  }
  return REAL(close)(fd);
}

/* The bytes of the file from `offset` on, as they are. Under the lock. */
static void note_old(int fd, uint64_t offset, uint64_t size) {
  const char* path = path_of(fd);
  struct stat found;
  if (path == NULL || fstat(fd, &found) < 0 || !S_ISREG(found.st_mode)) return;
  const uint64_t old_size = (uint64_t)found.st_size;
  const uint64_t first = offset / BLOCK * BLOCK;
  const uint64_t whole = (offset + size + BLOCK - 1) / BLOCK * BLOCK - first;
  void* bytes = NULL;
  if (posix_memalign(&bytes, BLOCK, whole + BLOCK) != 0) abort();
  const int reader = REAL(open64)(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = reader < 0 ? -1 : pread64(reader, bytes, whole, (off64_t)first);
  if (reader >= 0) REAL(close)(reader);
  uint64_t valid = got < 0 ? 0 : (uint64_t)got;
  valid = valid > offset - first ? valid - (offset - first) : 0;
  valid = valid < size ? valid : size;
  note((struct record){UNDO, 0, ++sequence, offset, old_size, valid}, path,
       (char*)bytes + (offset - first));
  free(bytes);
}

static size_t size_of(const struct iovec* pieces, int count) {
  size_t size = 0;
  for (int i = 0; i < count; ++i) size += pieces[i].iov_len;
  return size;
}

#define WATCHED_WRITE(fd, offset, size, call)       \
  do {                                              \
    if (path_of(fd) == NULL) return call;           \
    pthread_mutex_lock(&lock);                      \
    note_old(fd, (uint64_t)(offset), (uint64_t)(size)); \
    const ssize_t done = call;                      \
    const int code = errno;                         \
    pthread_mutex_unlock(&lock);                    \
    errno = code;                                   \
    return done;                                    \
  } while (0)

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  WATCHED_WRITE(fd, offset, size, REAL(pwrite)(fd, bytes, size, offset));
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  WATCHED_WRITE(fd, offset, size, REAL(pwrite64)(fd, bytes, size, offset));
}
ssize_t pwritev(int fd, const struct iovec* pieces, int count, off_t offset) {
  WATCHED_WRITE(fd, offset, size_of(pieces, count), REAL(pwritev)(fd, pieces, count, offset));
}
ssize_t pwritev64(int fd, const struct iovec* pieces, int count, off64_t offset) {
  WATCHED_WRITE(fd, offset, size_of(pieces, count), REAL(pwritev64)(fd, pieces, count, offset));
}

static int cut(int fd, uint64_t size, int (*real)(int, off64_t)) {
  struct stat found;
  if (path_of(fd) == NULL || fstat(fd, &found) < 0) return real(fd, (off64_t)size);
  pthread_mutex_lock(&lock);
  const uint64_t old_size = (uint64_t)found.st_size;
  note_old(fd, size, old_size > size ? old_size - size : 0);
  const int done = real(fd, (off64_t)size);
  pthread_mutex_unlock(&lock);
  return done;
}
int ftruncate(int fd, off_t size) { return cut(fd, (uint64_t)size, REAL(ftruncate64)); }
int ftruncate64(int fd, off64_t size) { return cut(fd, (uint64_t)size, REAL(ftruncate64)); }

static int has_no_sync(const char* path) {
  if (no_syncs == NULL || *no_syncs == 0) return 0;
  const size_t size = strlen(path), suffix = strlen(no_syncs);
  return size >= suffix && strcmp(path + size - suffix, no_syncs) == 0;
}

static int sync_file(int fd, int (*real)(int)) {
  if (path_of(fd) == NULL) return real(fd);
  pthread_mutex_lock(&lock);
  char* path = strdup(paths[fd]);
  const uint64_t written = sequence;
  pthread_mutex_unlock(&lock);
  int done = 0;
  if (!has_no_sync(path)) {
    done = real(fd);
    pthread_mutex_lock(&lock);
    if (done == 0) note((struct record){.kind = SYNC, .sequence = written}, path, NULL);
    pthread_mutex_unlock(&lock);
  }
  free(path);
  return done;
}
int fsync(int fd) { return sync_file(fd, REAL(fsync)); }
int fdatasync(int fd) { return sync_file(fd, REAL(fdatasync)); }

int rename(const char* from, const char* to) {
  char whole[PATH_MAX];
  char* old = log_fd >= 0 && realpath(from, whole) != NULL ? strdup(whole) : NULL;
  const int done = REAL(rename)(from, to);
  const int code = errno;
  if (done == 0 && is_watched(old) && realpath(to, whole) != NULL) {
    pthread_mutex_lock(&lock);
    const struct record record = {.kind = RENAME, .sequence = ++sequence, .size = strlen(whole)};
    note(record, old, whole);
    for (int fd = 0; fd < FILES; ++fd)
      if (paths[fd] != NULL && strcmp(paths[fd], old) == 0) {
        free(paths[fd]);
        paths[fd] = strdup(whole);
      }
    pthread_mutex_unlock(&lock);
  }
  free(old);
  errno = code;
  return done;
}

static int gone(const char* path, int (*real)(const char*)) {
  char whole[PATH_MAX];
  const int is_there = log_fd >= 0 && realpath(path, whole) != NULL;
  const int done = real(path);
  const int code = errno;
  if (done == 0 && is_there && is_watched(whole)) {
    pthread_mutex_lock(&lock);
    note((struct record){.kind = GONE, .sequence = ++sequence}, whole, NULL);
    pthread_mutex_unlock(&lock);
  }
  errno = code;
  return done;
}
int unlink(const char* path) { return gone(path, REAL(unlink)); }
