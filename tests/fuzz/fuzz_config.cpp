// Any text as a configuration file. What must hold: a text gives settings or error lines, every
// setting is taken, warned about or refused with a line that names the file, and nothing a key
// takes lets the placement or the limits computed from it fail.
#include <cstdint>
#include <string>

#include "core/base/assert.h"
#include "tools/server/config/config.h"
#include "tools/server/config/config_file.h"
#include "tools/server/config/config_keys.h"
#include "tools/server/config/config_memory.h"
#include "tools/server/config/config_reload.h"
#include "tools/server/config/rabbitmq/config_rabbitmq.h"
#include "tools/server/placement/placement.h"

namespace lepus::server {
namespace {

Machine two_cores() {
  return {.cpus = {{.number = 0, .core = 0, .node = 0}, {.number = 1, .core = 1, .node = 0}},
          .allowed = {true, true},
          .cpu_quota = {}};
}

void run(std::string_view text) {
  SettingList list;
  parse_config_text("f", text, {{"HOME", "/root"}}, list);
  for (const std::string& line : list.errors) CHECK(line.starts_with("f:"));
  for (const std::string& line : list.warnings) CHECK(line.starts_with("f:"));
  ConfigSources sources;
  // Read again as the operator's settings, which is the way that needs no file.
  for (const Setting& setting : list.settings) {
    CHECK(setting.origin.starts_with("f:") && !setting.key.empty());
    (void)nearest_key(setting.key);
    sources.settings.push_back(setting.key + "=" + setting.value);
  }
  const ConfigResult result = load_config(sources);
  (void)plan_reload(ServerConfig{}, result.config);
  for (const KeySpec& spec : config_keys()) (void)spec.show(result.config);
  const MemoryLimits limits = memory_limits(result.config, 1 << 30);
  CHECK(limits.watermark_size > 0 && limits.watermark_size <= limits.available_size);
  (void)disk_free_limit(result.config, 1 << 30);
  const PlacementResult placed = place(result.config, two_cores());
  CHECK(placed.ok() != placed.placement.shards.empty());
  CHECK(!placed.ok() || !format_placement(placed.placement, two_cores()).empty());
}

}  // namespace
}  // namespace lepus::server

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A wrong key is compared with every right one; long inputs only repeat what short ones show.
  if (size <= 2048) lepus::server::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
