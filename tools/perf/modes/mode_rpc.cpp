// Mode rpc: one requester, one responder, in the generator's first threads.
#include "tools/perf/measure.h"
#include "tools/perf/modes/modes.h"
#include "tools/perf/modes/rpc.h"
#include "tools/perf/modes/workers.h"
#include "tools/perf/report.h"

namespace lepus::perf {

namespace {

// The service queue is exclusive to the responder, so it goes with the connection.
struct RpcPair {
  Responder responder;
  Requester requester;

  RpcPair(const Options& options, Workers& workers, const std::string& service)
      : responder(options, workers.stats_for(0), service),
        requester(options, workers.stats_for(1), service) {}
  ~RpcPair() {
    requester.close();
    responder.close();
  }
};

}  // namespace

RunReport run_rpc(const Options& options) {
  if (options.body_size < sizeof(uint64_t))
    throw PerfError("mode rpc needs --body-size 8 or more for its time stamp");
  const ReportText wording{"round trips", false};
  Workers workers(options);
  RpcPair pair(options, workers, options.prefix + ".rpc");
  const BrokerInfo broker{pair.requester.connection().product(),
                          pair.requester.connection().version()};
  workers.add(pair.responder);
  workers.add(pair.requester);
  pair.requester.start();
  Measurement measurement;
  try {
    workers.start();
    measurement = measure(options, workers, wording);
    workers.stop();
  } catch (const PerfError&) {
    workers.stop();  // before the pair, which the threads use
    throw;
  }
  return report_measurement(options, broker, measurement, wording);
}

}  // namespace lepus::perf
