// browse QUEUE [offset=..] [count=..] [encoding=auto|base64] [truncate=BYTES]
//
// A piece of a stream, without touching it. Rows have one cell, an object:
//   {"offset":4,"timestamp":1772366400000,"exchange":"","routing_key":"s","payload_bytes":1,
//    "properties":{},"payload":"x","payload_encoding":"string"}
// and the result says {"count","first_offset","next_offset","end_offset","limited"}.
#pragma once

#include <memory>

#include "tools/server/admin/admin_operation.h"

namespace lepus::server {

class BrowseOperation final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override;

 private:
  /// False: fail() was called.
  bool read_options(core::MessageRequest& wanted);
  void on_message_result(std::unique_ptr<core::MessageResult> result) override;

  bool is_base64_ = false;
};

}  // namespace lepus::server
