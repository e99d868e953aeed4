// The verb eval: there is no Erlang here, but the expressions that client libraries' tests and
// operators' scripts send to a RabbitMQ are few, and what they want can be had.
#pragma once

#include <string>
#include <string_view>

#include "tools/server/admin/admin.h"

namespace lepus::server {

struct EvalPlace {
  BrokerView& broker;
  AdminHost& host;
  const std::string& node;
};

struct Evaluated {
  std::string text;   ///< The value, as Erlang would print it.
  std::string error;  ///< Not empty: the expression is none of those that are known.
};

Evaluated evaluate(std::string_view expression, const EvalPlace& place);

}  // namespace lepus::server
