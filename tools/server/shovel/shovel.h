// One run of a shovel: messages of a source go to a target, and leave the source when the mode of
// acknowledgement says so. It lives on one shard, and does a bounded piece of work a turn.
//
//   starting --both ends ready--> running --goal, failure, stop()--> ending --both closed--> ended
//
//   source -> pending -> [filter, target, headers] -> publish -> window -> confirm -> acknowledge
//
// Nothing is lost: a message is acknowledged behind its confirm alone (on_confirm), and what is not
// acknowledged goes back to its queue when a run ends, however it ends. What was published and not
// acknowledged is there twice then.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/session/publish/publish_settings.h"
#include "tools/server/shovel/peer_end.h"
#include "tools/server/shovel/shovel_ends.h"
#include "tools/server/shovel/shovel_goal.h"
#include "tools/server/shovel/shovel_order.h"
#include "tools/server/shovel/shovel_pace.h"
#include "tools/server/shovel/shovel_pending.h"
#include "tools/server/shovel/shovel_window.h"

namespace lepus::server {

class Shovel final : private ShovelEvents {
 public:
  using Ended = ShovelReportRow::Ended;
  struct Now {
    core::Nanos time;
    std::uint64_t wall_s;  ///< Since 1970.
  };

  /// `place` outlives it; `settings` are copied.
  Shovel(std::unique_ptr<ShovelOrder> order, const PeerPlace& place,
         const core::PublishSettings& settings);
  Shovel(const Shovel&) = delete;
  Shovel& operator=(const Shovel&) = delete;

  std::uint32_t number() const { return order_->number; }
  void start();
  void stop() { begin_end(Ended::stopped, {}); }
  bool is_ended() const { return state_ == State::ended; }

  /// Once a turn, before the broker's flush.
  void work(const Now& now);
  /// After it.
  void collect();
  /// work() has something to do at once.
  bool has_work(core::Nanos now) const;
  /// When work() has something to do without anything having come.
  core::Nanos next_deadline(core::Nanos now) const;
  /// Null: nothing has changed since the last one, or it was a moment ago.
  std::unique_ptr<ShovelReportRow> take_report(core::Nanos now);

 private:
  enum class State : std::uint8_t { starting, running, ending, ended };
  /// What the admin thread was told last, and when.
  struct Told {
    State state = State::starting;
    ShovelProgress progress;
    core::Nanos time = 0;
  };
  struct Counts {
    std::uint64_t forwarded = 0;
    std::uint64_t skipped = 0;
  };
  struct End {
    Ended why = Ended::no;
    std::string text;
    bool is_closing = false;  ///< Both ends were told.
  };

  // ShovelEvents
  void on_source_ready(std::uint64_t message_count) override;
  void on_message(std::uint64_t tag, core::MessageRef message) override;
  void on_message_count(std::uint64_t message_count) override;
  void on_target_ready() override;
  void on_confirmed(std::uint64_t number, bool is_multiple, bool is_refused) override;
  void on_end_failed(std::string why) override { begin_end(Ended::failed, std::move(why)); }

  bool may_forward(core::Nanos now) const;
  void forward_some(const Now& now);
  void forward(const ShovelPending::Entry& one, const Now& now);
  void acknowledge_done();
  void look_whether_done(core::Nanos now);
  void begin_end(Ended why, std::string text);
  void work_on_end();
  ShovelProgress progress() const;

  const std::unique_ptr<ShovelOrder> order_;
  const std::unique_ptr<ShovelSource> source_;
  const std::unique_ptr<ShovelTarget> target_;
  State state_ = State::starting;
  bool is_source_ready_ = false;
  bool is_target_ready_ = false;
  ShovelGoal goal_;
  ShovelPace pace_;
  ShovelPending pending_;
  ShovelWindow window_;
  Counts counts_;
  core::Nanos look_at_ = core::never;  ///< Whether the queue is empty.
  Told told_;
  End end_;
};

}  // namespace lepus::server
