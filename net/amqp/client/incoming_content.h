// One content of a client's channel while it comes in: basic.deliver or basic.return, its header,
// its body.
//
//   begin() -> set_header() -> append() ... -> take()
#pragma once

#include <cstdint>
#include <string>

#include "core/amqp_error.h"
#include "core/message/message.h"
#include "net/amqp/codec/assembler.h"

namespace lepus::amqp {

class IncomingContent {
 public:
  struct Content {
    std::uint64_t tag = 0;
    std::string exchange;
    std::string key;
    bool is_return = false;
    std::string reply_text;  ///< Of a return.
    core::MessageRef message = {};
  };
  /// `memory` outlives it.
  IncomingContent(core::MemoryAccount& memory, std::uint64_t size_max)
      : memory_(memory), size_max_(size_max) {}

  /// Returns true if it is one of the two methods that have a content.
  static bool is_begin(MethodId method) {
    return method == MethodId::basic_deliver || method == MethodId::basic_return;
  }
  core::Refusal begin(const MethodReady& method);
  core::Refusal set_header(const ContentHeader& header);
  void append(core::Bytes piece) { content_.message->append_body(piece); }
  Content take() { return std::exchange(content_, {}); }
  void clear() { content_ = {}; }

 private:
  core::MemoryAccount& memory_;
  const std::uint64_t size_max_;  ///< Of a body.
  Content content_;
};

}  // namespace lepus::amqp
