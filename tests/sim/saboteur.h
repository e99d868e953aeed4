// Plants mistakes, to see that the oracle notices each of them. It tampers with the commands on the
// rings between shards (as a broken queue, channel or mailbox would) or with the frames that
// clients read (as a broken writer would), with what the disk says, or with lists and accounts of
// the broker between two turns. The broker's own code is untouched.
#pragma once

#include <string_view>
#include <vector>

#include "core/broker/broker.h"
#include "tests/sim/saboteur_index.h"
#include "tests/sim/wire.h"
#include "tools/server/mesh.h"

namespace lepus::sim {

enum class Mistake : std::uint8_t {
  none,
  // On the rings.
  drop_deliver,
  duplicate_deliver,
  swap_delivers,
  forget_redelivered,
  invent_redelivered,
  drop_settle,
  requeue_acknowledged,
  acknowledge_requeued,
  drop_confirm,
  drop_enqueue,
  lose_confirmed,
  duplicate_enqueue,
  misroute,
  ignore_prefetch,
  grant_too_much,
  ignore_exclusive,
  no_ack_consumer,
  leak_message,
  skip_definition,
  forget_single_active,
  forget_doubles,
  forget_delay,
  wrong_offset,
  settle_too_far,
  lose_brake,
  keep_brake,
  forget_topology_known,
  // On the wire.
  damage_body,
  damage_properties,
  wrong_key,
  drop_ack,
  duplicate_ack,
  drop_frame,
  duplicate_frame,
  // About the disk (tests/sim/saboteur_disk.h, tests/sim/saboteur_index.h).
  confirm_early,
  ignore_short_write,
  ignore_write_error,
  ignore_sync,
  skip_tail,
  ignore_checksum,
  forget_index_settle,
  early_index,
  thaw_early,
  // About the driver (tests/sim/saboteur_disk.h).
  leave_submitted,
  lose_completion,
  leak_descriptor,
  reuse_buffers,
  stop_shard,
  pass_over,
  // In the broker.
  forget_runnable,
  leak_index,
  leak_topology,
  leak_session,
  count,
};
std::string_view name_of(Mistake mistake);
bool is_on_rings(Mistake mistake);
bool is_about_disk(Mistake mistake);
bool is_about_driver(Mistake mistake);
bool is_in_broker(Mistake mistake);
/// It needs what Plan::draw_more() draws; the others have the worlds that they were found in.
bool draws_more(Mistake mistake);

class Saboteur final : public FrameFilter {
 public:
  Saboteur(Mistake mistake, std::uint64_t seed) : mistake_(mistake), random_(seed) {}

  Mistake mistake() const { return mistake_; }
  /// Somebody else made it.
  void strike() { ++count_; }
  /// Somebody else is to make it now. Returns true in some of the cases.
  bool strikes();
  /// Before shard `to` runs its turn.
  void tamper(server::Mesh& mesh, core::ShardId to);
  /// After a turn of the shard whose broker it is.
  void tamper(core::Broker& broker);
  int on_incoming(Incoming& incoming) override;
  /// Mistake::early_index.
  EarlyIndexes& early_indexes() { return early_indexes_; }
  /// Mistakes made so far.
  std::size_t count() const { return count_; }

 private:
  using Commands = std::vector<core::PeerCommand>;

  void tamper_with(Commands& commands);
  bool change(core::PeerCommand& command, Commands& out);
  core::MessageRef twin_of(core::Message& message);
  bool change_deliver(core::Deliver& deliver, Commands& out);
  bool change_enqueue(core::Enqueue& enqueue, Commands& out);
  bool change_settle(core::Settle& settle);
  void change_topology(std::vector<core::TopologyChange>& list);
  void forget_rule(core::QueueSpec& queue);
  void swap_delivers(Commands& commands);
  bool change_brake(const core::PublisherBrake& brake);
  bool forget_topology_known();
  void forget_runnable(core::Broker& broker);

  Mistake mistake_;
  core::Random random_;
  std::size_t count_ = 0;
  core::MemoryAccount nowhere_;
  std::vector<core::MessageRef> leaked_;
  core::QueueId last_queue_;
  EarlyIndexes early_indexes_;
  std::string changed_;
};

}  // namespace lepus::sim
