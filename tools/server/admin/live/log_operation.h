// log_lines [after=NUMBER] [count=..] [level=debug|info|warning|error|critical] [text=..]
//
// Lines of the log that are kept in memory (tools/server/log/log_memory.h): the newest ones, or
// those behind `after`. Rows have one cell, an object:
//   {"number":17,"time":1772366400000,"level":"info","text":"info connection shard-0 ..."}
// and the result says {"count","next","missed","more"}.
#pragma once

#include "tools/server/admin/admin_operation.h"

namespace lepus::server {

class LogOperation final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void start() override;
};

}  // namespace lepus::server
