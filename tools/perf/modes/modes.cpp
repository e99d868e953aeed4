// The modes by their names.
#include "tools/perf/modes/modes.h"

namespace lepus::perf {

RunReport run_mode(const Options& options) {
  switch (options.mode) {
    case Mode::throughput:
      return run_throughput(options);
    case Mode::drain:
      return run_drain(options);
    case Mode::rpc:
      return run_rpc(options);
    case Mode::connections:
      return run_connections(options);
    case Mode::queues:
      return run_queues(options);
    case Mode::churn:
      return run_churn(options);
  }
  return {};
}

}  // namespace lepus::perf
