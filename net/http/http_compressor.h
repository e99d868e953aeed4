// One answer made smaller, a piece at a time: zlib with a bounded memory.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/http/http_text.h"

namespace lepus::net {

class HttpCompressor {
 public:
  /// `coding` is not identity.
  explicit HttpCompressor(HttpCoding coding);
  ~HttpCompressor();
  HttpCompressor(const HttpCompressor&) = delete;
  HttpCompressor& operator=(const HttpCompressor&) = delete;

  /// False: there was no memory for it, and nothing else may be called.
  bool is_ready() const { return is_ready_; }
  /// Appends to `out` what became of it so far, which may be nothing.
  void add(std::string_view piece, std::string& out) { run(piece, false, out); }
  /// The last call: appends the rest.
  void end(std::string& out) { run({}, true, out); }

 private:
  struct State;
  void run(std::string_view piece, bool is_end, std::string& out);

  std::unique_ptr<State> state_;
  bool is_ready_;
};

}  // namespace lepus::net
