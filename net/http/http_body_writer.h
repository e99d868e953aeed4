// The body of one answer as it stands on the wire: with a length, in chunks, or up to the end of
// the connection; compressed or as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/http/http_compressor.h"
#include "net/http/http_shared.h"
#include "net/stream/stream.h"

namespace lepus::net {

enum class HttpTransfer : std::uint8_t {
  none,    ///< There is no body, whatever is written.
  length,  ///< The head says how long it is.
  chunks,
  until_close,  ///< For HTTP/1.0, which has no chunks.
};

class HttpBodyWriter {
 public:
  HttpBodyWriter(HttpShared& shared, Stream& stream) : shared_(shared), stream_(stream) {}
  ~HttpBodyWriter() { reset(); }
  HttpBodyWriter(const HttpBodyWriter&) = delete;
  HttpBodyWriter& operator=(const HttpBodyWriter&) = delete;

  /// The body that comes is compressed. False: it is not, because `coding` is identity or too many
  /// are being compressed.
  bool compress(HttpCoding coding);
  /// Compresses `body` at once, so that its length is known: what is put then goes as it is.
  void compress_at_once(std::string& body);
  /// What compress() was called with, also after compress_at_once().
  HttpCoding coding() const { return coding_; }
  void begin(HttpTransfer transfer) { transfer_ = transfer; }
  HttpTransfer transfer() const { return transfer_; }

  void put(std::string_view piece);
  void end();
  /// For the next answer; what was not put is dropped.
  void reset();
  /// As it is, of no body.
  void put_raw(std::string_view bytes);

 private:
  void put_framed(std::string_view bytes);
  void drop_compressor();

  HttpShared& shared_;
  Stream& stream_;
  HttpTransfer transfer_ = HttpTransfer::none;
  HttpCoding coding_ = HttpCoding::identity;
  std::unique_ptr<HttpCompressor> compressor_;
  std::string compressed_;  ///< Not in the stream yet.
};

}  // namespace lepus::net
