// How much is sent and taken, and the bounds that follow.
#include "tests/sim/flood.h"

#include <algorithm>
#include <numeric>

#include "core/limits.h"

namespace lepus::sim {

namespace {

constexpr const char* flood_queue = "flood";
/// What subscribers take, of one message; twice brake_rate_min, for turns take time, too.
constexpr core::Nanos taken_each = core::nanos_per_s / (2 * core::limits::brake_rate_min);
/// What publishers send, of one message.
constexpr core::Nanos sent_each = taken_each * 9 / 20;
/// A command to another shard waits behind others in its ring, some turns.
constexpr core::Nanos reaction = 300 * core::nanos_per_us;
constexpr core::Nanos unwarned_time = 2 * core::limits::brake_window;
constexpr std::uint64_t taken_unwarned =
    unwarned_time * core::limits::brake_rate_min / core::nanos_per_s;
constexpr core::Nanos flood_time = 6 * core::limits::brake_window;
/// On the wire: the least a publish with an empty body and its properties takes.
constexpr std::size_t publish_size_min = 40;
static_assert(sent_each * 2 < taken_each);

}  // namespace

Flood::Flood(LoadStage& stage)
    : stage_(stage),
      publisher_count_(1 + stage.random().below(4)),
      subscriber_count_(1 + stage.random().below(3)),
      prefetch_(static_cast<std::uint16_t>(6 + stage.random().below(6))),
      burst_(1 + stage.random().below(4)),
      has_latecomers_(stage.random().chance(50)),
      is_durable_(stage.scene().plan->has_disk && stage.random().chance(30)) {}

void Flood::add_peers() {
  const auto prefetch_all = static_cast<core::Nanos>(prefetch_ * subscriber_count_);
  const core::Nanos subscriber_pace = prefetch_all * taken_each;
  const core::Nanos publisher_pace =
      static_cast<core::Nanos>(burst_ * publisher_count_) * sent_each;
  for (std::size_t i = 0; i < subscriber_count_; ++i)
    subscribers_.push_back(
        &stage_.add<Subscriber>(subscriber_pace, Subscriber::Wants{flood_queue, prefetch_}));
  const std::size_t count = has_latecomers_ ? 2 * publisher_count_ : publisher_count_;
  for (std::size_t i = 0; i < count; ++i) {
    Publisher& publisher =
        stage_.add<Publisher>(publisher_pace, Publisher::Load{flood_queue, 0, is_durable_, burst_});
    publishers_.push_back(&publisher);
    if (i >= publisher_count_) latecomers_.push_back(&publisher);
  }
}

bool Flood::run() {
  stage_.judge().note("a flood of {} publishers for {} subscribers of {}{}", publisher_count_,
                      subscriber_count_, prefetch_, is_durable_ ? ", durable" : "");
  add_peers();
  Asker& owner = stage_.add<Asker>(core::nanos_per_us);
  if (!stage_.open_all() || !stage_.declare(owner, flood_queue, is_durable_)) return false;
  for (Subscriber* subscriber : subscribers_) subscriber->start();
  const auto all_consume = [this] {
    core::Queue* queue = stage_.find_queue(flood_queue);
    return queue != nullptr && queue->counts().consumers == subscriber_count_;
  };
  if (!stage_.run("a subscription", all_consume)) return false;
  for (std::size_t i = 0; i < publisher_count_; ++i) publishers_[i]->start();
  io::SimWorld& world = *stage_.scene().world;
  const core::Nanos end = world.now() + flood_time;
  if (!stage_.run(
          "a flood", [&] { return world.now() >= end; }, [this] { judge(); }))
    return false;
  for (Publisher* publisher : publishers_) publisher->stop();
  // Also what waits in sockets behind a brake.
  const auto all_came = [this] { return received_count() == published_count(); };
  if (!stage_.run("what a flood left", all_came, [this] { judge(); })) return false;
  stage_.judge().note("{} messages, at most {} ready, {} once it had settled", received_count(),
                      ready_max_, settled_max_);
  return stage_.end({flood_queue});
}

std::uint64_t Flood::sent_in(core::Nanos time) const {
  const std::size_t under_way =
      stage_.scene().world->faults().inbound_max / publish_size_min + 2 * burst_;
  const std::uint64_t groups = publishers_.size() / publisher_count_;
  return groups * static_cast<std::uint64_t>(time / sent_each) + publishers_.size() * under_way;
}

std::uint64_t Flood::limit() const {
  const std::uint64_t usual = 2 * core::limits::brake_length + sent_in(reaction);
  if (has_settled_) return usual;
  const std::uint64_t unwarned = usual + sent_in(unwarned_time) - taken_unwarned;
  return ready_warned_ == UINT64_MAX ? unwarned : ready_warned_ + sent_in(reaction);
}

void Flood::judge() {
  const core::Queue* queue = stage_.find_queue(flood_queue);
  if (queue == nullptr) return stage_.judge().fail(11, "the queue of a flood is gone");
  const std::uint64_t ready = queue->counts().ready;
  constexpr std::uint64_t length = core::limits::brake_length;
  const core::Nanos now = stage_.scene().world->now();
  if (ready > 2 * length) long_since_ = std::min(long_since_, now);
  const bool is_warned = long_since_ != core::never && now - long_since_ > unwarned_time + reaction;
  if (is_warned) {
    ready_warned_ = std::min(ready_warned_, ready_max_);
    has_settled_ = has_settled_ || ready <= length;
    for (Publisher* publisher : latecomers_) publisher->start();
    latecomers_.clear();
  }
  ready_max_ = std::max(ready_max_, ready);
  if (has_settled_) settled_max_ = std::max(settled_max_, ready);
  if (ready > limit())
    stage_.judge().fail(15, "{} messages are ready for able consumers, {} may be{}", ready, limit(),
                        has_settled_ ? " once they were few" : "");
}

std::uint64_t Flood::published_count() const {
  return std::accumulate(publishers_.begin(), publishers_.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const Publisher* publisher) {
                           return sum + publisher->published_count();
                         });
}

std::uint64_t Flood::received_count() const {
  return std::accumulate(subscribers_.begin(), subscribers_.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const Subscriber* subscriber) {
                           return sum + subscriber->received_count();
                         });
}

}  // namespace lepus::sim
