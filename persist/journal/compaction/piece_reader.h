// Reads a file by pieces of whole blocks, through the loop.
//
//   idle -> opening -> open <-> reading -> closing -> idle         one op at a time
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "core/base/bytes.h"
#include "io/disk.h"
#include "io/loop.h"

namespace lepus::persist {

class PieceReader {
 public:
  /// Who reads. Called from the loop, never from within a call of the reader.
  class Client {
   public:
    virtual ~Client() = default;
    /// What the file has at piece_begin(), at least a block; valid during the call.
    virtual void on_piece(core::Bytes piece) = 0;
    /// The file could not be opened (the reader is idle then), or nothing be read (it is open).
    virtual void on_read_failed(const char* why) = 0;
  };
  /// All outlive it.
  PieceReader(io::Loop& loop, io::Disk& disk, Client& client);
  /// Nothing is under way. Closes the file.
  ~PieceReader();
  PieceReader(const PieceReader&) = delete;
  PieceReader& operator=(const PieceReader&) = delete;

  bool is_idle() const { return phase_ == Phase::idle; }
  bool is_open() const { return phase_ == Phase::open; }
  /// Something is under way.
  bool is_busy() const { return op_.in_flight; }
  /// While it is idle. The file has `size` bytes. `is_direct`: opened for direct I/O.
  void open(std::string path, std::uint64_t size, bool is_direct);
  /// While it is open: a piece from the block of `offset`, which is in the file, on. It has
  /// `size_min` bytes, rounded up to blocks, unless the file ends before.
  void read(std::uint64_t offset, std::uint64_t size_min);
  /// While it is open.
  void close();
  /// Gives the memory of pieces back.
  void release() { buffer_.reset(); }

  const std::string& path() const { return path_; }
  /// Of the last read, in the file.
  std::uint64_t piece_begin() const { return begin_; }

 private:
  enum class Phase : std::uint8_t { idle, opening, open, reading, closing };

  void on_open(io::Op& op, const io::Completion& completion);
  void on_read(io::Op& op, const io::Completion& completion);
  void on_close(io::Op& op, const io::Completion& completion);

  struct Free {
    void operator()(std::uint8_t* bytes) const { std::free(bytes); }
  };

  io::Loop& loop_;
  io::Disk& disk_;
  Client& client_;
  Phase phase_ = Phase::idle;
  std::string path_;
  std::uint64_t size_ = 0;  ///< Of the file.
  int fd_ = -1;
  std::uint64_t begin_ = 0;  ///< Of the piece that is read.
  std::unique_ptr<std::uint8_t, Free> buffer_;
  std::uint64_t capacity_ = 0;
  io::Op op_;
  iovec iov_{};
};

}  // namespace lepus::persist
