// The admin thread: everything that serves an operator and may take long or block. Requests
// (admin/admin.h) and the ways they come in, listings, definitions as JSON, configuration files,
// /proc. It is one more end of the mesh and has one more replica of the topology, so a listing
// reads what is here and asks shards directly, and neither shards nor the control thread wait for
// it.
//
//   drain_mailboxes(): changes of the topology, answers -> requests begin and go on
//   completions:       bytes of operators -> requests
//   flush():           output leaves, sleeping threads are woken
//
//   running -> (EndAdmin) -> ending: connections of operators are closed -> finished
#pragma once

#include "core/base/log.h"
#include "io/loop.h"
#include "tools/server/admin/admin.h"
#include "tools/server/admin/broker_view.h"
#include "tools/server/samples/sampler.h"
#include "tools/server/shovels/shovel_manager.h"

namespace lepus::server {

class AdminThread final : private io::TurnHooks, private Sampler::NodeSource {
 public:
  struct Parts {
    Mesh* mesh;
    io::Loop* loop;
    core::Log* log;
    AdminHost* host;
    core::Nanos sample_interval = core::never;  ///< collect_statistics_interval.
    bool may_connect = false;                   ///< Shovels may connect to other brokers.
  };
  /// All of the parts outlive this.
  explicit AdminThread(const Parts& parts);
  ~AdminThread() override;

  Admin& admin() { return admin_; }
  BrokerView& view() { return view_; }
  Sampler& sampler() { return sampler_; }
  /// Nothing is left to be done, and nothing of it is in flight.
  bool is_finished() const;

 private:
  struct Handler;

  bool drain_mailboxes() override;
  void flush() override;
  bool may_sleep() override;
  void on_timer(io::Timer& timer) { (void)timer; }
  SampleStore::NodeGauges gauges() const override;
  void end();

  Parts parts_;
  BrokerView view_;
  Admin admin_;
  Sampler sampler_;
  ShovelManager shovels_;
  io::Timer timer_;  ///< For a request that looks at something again later.
  bool is_ending_ = false;
  bool is_end_told_ = false;
};

}  // namespace lepus::server
