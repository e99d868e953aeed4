// trace_messages [after=CURSOR] [count=..] [exchange=..] [routing_key=..] [queue=..] [user=..]
//                [encoding=auto|base64]
//
// What was traced in the virtual host behind the cursor, which is the one of the answer before;
// without it what shards have. Every shard is asked (core/broker/description/trace_ring.h), and
// their entries are put in the order of their times. Rows have one cell, an object:
//   {"time":1772366400000,"type":"published"|"delivered","exchange":..,"routing_key":..,
//    "queues":[..],"queue_count":1,"user":..,"connection":..,"channel":1,"redelivered":false,
//    "payload_bytes":1,"properties":{},"payload":"x","payload_encoding":"string"}
// and the result says {"count","next","missed","more"}. `next` is the next cursor, `missed` how
// many entries had gone before anybody read them, `more` whether some are left behind the cursor.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/broker/description/trace_ring.h"
#include "tools/server/admin/admin_operation.h"

namespace lepus::server {

class TraceOperation final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override;

 private:
  /// False: fail() was called.
  bool read_cursor();
  void on_message_result(std::unique_ptr<core::MessageResult> result) override;
  void ask_next();
  void finish();
  void write_entry(const core::TraceEntry& entry) const;

  /// By shard. Where each goes on.
  std::vector<std::uint64_t> cursor_;
  core::ShardId asked_ = 0;  ///< Shards that have answered; the next is asked then.
  core::TraceQuestion question_;
  std::uint64_t missed_ = 0;
  bool has_more_ = false;
  bool is_base64_ = false;
  std::vector<core::TraceEntry> entries_;
};

}  // namespace lepus::server
