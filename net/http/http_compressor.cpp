// See http_compressor.h.
#include "net/http/http_compressor.h"

#include <zlib.h>

#include <utility>

#include "core/base/assert.h"
#include "core/limits/http.h"

namespace lepus::net {

namespace {

/// The thread that compresses has others to serve: speed comes before the last bytes.
constexpr int level = 1;
constexpr int window_bits = 15;
constexpr int gzip_header = 16;  ///< Added to window_bits.
constexpr int memory_level = 8;

}  // namespace

struct HttpCompressor::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { deflateEnd(&stream); }
  z_stream stream{};
};

HttpCompressor::HttpCompressor(HttpCoding coding) : state_(std::make_unique<State>()) {
  CHECK(coding != HttpCoding::identity);
  const int bits = window_bits + (coding == HttpCoding::gzip ? gzip_header : 0);
  is_ready_ = deflateInit2(&state_->stream, level, Z_DEFLATED, bits, memory_level,
                           Z_DEFAULT_STRATEGY) == Z_OK;
}

HttpCompressor::~HttpCompressor() = default;

void HttpCompressor::run(std::string_view piece, bool is_end, std::string& out) {
  CHECK(is_ready_);
  z_stream& stream = state_->stream;
  // zlib does not write to it.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  CHECK(piece.size() <= UINT32_MAX);
  stream.avail_in = static_cast<uInt>(piece.size());
  do {
    const std::size_t size = out.size();
    out.resize(size + core::limits::http_compressed_piece);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + size);
    stream.avail_out = static_cast<uInt>(core::limits::http_compressed_piece);
    const int result = deflate(&stream, is_end ? Z_FINISH : Z_NO_FLUSH);
    CHECK(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR);
    out.resize(out.size() - stream.avail_out);
  } while (stream.avail_out == 0);
  CHECK(stream.avail_in == 0);
}

}  // namespace lepus::net
