// RabbitMQ's feature flags, which tools list and enable after an upgrade: what each stands for is
// there from the start, so all are enabled.
#pragma once

#include <span>
#include <string_view>

namespace lepus::server {

struct FeatureFlag {
  std::string_view name;
  std::string_view doc;
};
/// In the order of their names.
std::span<const FeatureFlag> feature_flags();
const FeatureFlag* find_feature_flag(std::string_view name);

}  // namespace lepus::server
