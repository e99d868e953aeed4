// See http_body_writer.h.
#include "net/http/http_body_writer.h"

#include <utility>

#include <fmt/format.h>

#include "core/base/assert.h"
#include "core/limits/http.h"

namespace lepus::net {

namespace limits = core::limits;

bool HttpBodyWriter::compress(HttpCoding coding) {
  CHECK(compressor_ == nullptr);
  if (coding == HttpCoding::identity) return false;
  if (shared_.compressor_count >= limits::http_compressors_max) return false;
  auto compressor = std::make_unique<HttpCompressor>(coding);
  if (!compressor->is_ready()) return false;
  ++shared_.compressor_count;
  compressor_ = std::move(compressor);
  coding_ = coding;
  return true;
}

void HttpBodyWriter::compress_at_once(std::string& body) {
  CHECK(compressor_ != nullptr);
  std::string compressed;
  compressor_->add(body, compressed);
  compressor_->end(compressed);
  body = std::move(compressed);
  drop_compressor();
}

void HttpBodyWriter::put(std::string_view piece) {
  if (transfer_ == HttpTransfer::none) return;
  if (compressor_ == nullptr) return put_framed(piece);
  while (!piece.empty()) {
    const std::string_view part = piece.substr(0, limits::http_slice_size);
    piece.remove_prefix(part.size());
    compressor_->add(part, compressed_);
    if (compressed_.size() < limits::http_compressed_piece) continue;
    put_framed(compressed_);
    compressed_.clear();
  }
}

void HttpBodyWriter::end() {
  if (compressor_ != nullptr) {
    compressor_->end(compressed_);
    put_framed(compressed_);
  }
  if (transfer_ == HttpTransfer::chunks) put_raw("0\r\n\r\n");
  reset();
}

void HttpBodyWriter::reset() {
  drop_compressor();
  compressed_ = {};
  coding_ = HttpCoding::identity;
  transfer_ = HttpTransfer::none;
}

void HttpBodyWriter::put_raw(std::string_view bytes) {
  if (stream_.is_open()) stream_.out().append(core::as_bytes(bytes));
}

/// An empty chunk would be the end.
void HttpBodyWriter::put_framed(std::string_view bytes) {
  if (bytes.empty()) return;
  if (transfer_ != HttpTransfer::chunks) return put_raw(bytes);
  put_raw(fmt::format("{:x}\r\n", bytes.size()));
  put_raw(bytes);
  put_raw("\r\n");
}

void HttpBodyWriter::drop_compressor() {
  if (compressor_ == nullptr) return;
  compressor_.reset();
  CHECK(shared_.compressor_count > 0);
  --shared_.compressor_count;
}

}  // namespace lepus::net
