// A shovel as operators see it, with the words of RabbitMQ's management API.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/time.h"
#include "tools/server/admin/json_writer.h"
#include "tools/server/shovel/shovel_order.h"

namespace lepus::server {

struct ShovelStatus {
  enum class State : std::uint8_t {
    starting,
    running,
    terminated,  ///< It failed; it is tried again after its reconnect-delay.
    done         ///< Its messages are moved, and its parameter is gone.
  };
  std::string vhost;
  std::string name;
  State state = State::starting;
  std::string why;             ///< It failed.
  core::Nanos changed_at = 0;  ///< Since 1970.
  // As the definition says.
  std::string source_uri;  ///< Without secrets.
  std::string target_uri;
  std::optional<std::string> source_queue;
  std::optional<std::string> source_exchange;
  std::optional<std::string> source_key;
  std::optional<std::string> target_queue;
  std::optional<std::string> target_exchange;
  std::optional<std::string> target_key;
  ShovelProgress progress;
};

std::string_view shovel_state_name(ShovelStatus::State state);
/// An object, as of GET /api/shovels.
void write_shovel(const ShovelStatus& status, const std::string& node, JsonWriter& json);
/// "2026-01-31 12:00:00"
std::string shovel_time(core::Nanos since_1970);

}  // namespace lepus::server
