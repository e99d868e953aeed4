// Scenarios that are built in: situations that are known to hurt brokers. They are written in the
// format of files, so `lepus-perf show NAME > mine.json` is where one of your own begins.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace lepus::perf {

struct Preset {
  std::string_view name;
  std::string_view summary;  // one line
  std::string_view json;
};

std::span<const Preset> presets();
// Null when there is none of that name.
const Preset* find_preset(std::string_view name);
std::vector<std::string_view> preset_names();

}  // namespace lepus::perf
