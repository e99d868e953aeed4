// Who is in the crowd, and the bounds.
#include "tests/sim/crowd.h"

#include "core/limits.h"

namespace lepus::sim {

namespace {

constexpr std::size_t publishers_per_shard = 6;
constexpr std::size_t askers_count = 3;
constexpr std::size_t queues_count = 3;
/// Of each queue: many shares of it.
constexpr std::size_t backlog = 10 * core::limits::deliveries_per_pump_max;
/// Longer than input_small with its frames, so that it counts.
constexpr std::size_t crowd_body_size = 200;
constexpr core::Nanos crowd_pace = 2 * core::nanos_per_us;

/// Rounds; see crowd.h. Received in one turn, handed over in the next; a round may have begun
/// before, and one more is for the peer to see it.
constexpr std::uint64_t input_latency = 4;
/// The answer is sent in one turn of the two, and may wait for a receive buffer before.
constexpr std::uint64_t answer_rounds_max = input_latency + 2;
/// basic.consume comes in, goes to the home, which delivers; that comes to the consumer's shard.
constexpr std::uint64_t delivery_rounds_max = 4 * input_latency;

std::uint64_t longest_of(const std::vector<Patience>& all) {
  std::uint64_t longest = 0;
  for (const Patience& one : all) longest = std::max(longest, one.longest());
  return longest;
}

}  // namespace

bool Crowd::run() {
  Judge& trace = stage_.judge();
  trace.note("a crowd comes");
  const std::size_t shards = stage_.cluster().shards().size();
  for (std::size_t i = 0; i < queues_count; ++i) {
    queues_.push_back("crowd" + std::to_string(i));
    subscribers_.push_back(
        &stage_.add<Subscriber>(crowd_pace, Subscriber::Wants{queues_.back(), 0}));
    askers_.push_back(&stage_.add<Asker>(crowd_pace));
  }
  for (std::size_t i = 0; i < publishers_per_shard * shards; ++i)
    publishers_.push_back(
        &stage_.add<Publisher>(crowd_pace, Publisher::Load{"nowhere", crowd_body_size, false, 4}));
  input_.resize(publishers_.size());
  answers_.resize(askers_.size());
  deliveries_.resize(subscribers_.size());
  if (!stage_.open_all() || !fill()) return false;
  for (Publisher* publisher : publishers_) publisher->start();
  const std::uint64_t pushed_until = stage_.round() + publishers_.size();
  const auto is_full = [&] { return stage_.round() > pushed_until; };
  if (!stage_.run("a crowd", is_full, [this] { judge(); })) return false;
  for (Subscriber* subscriber : subscribers_) subscriber->start();
  const std::uint64_t until = stage_.round() + 3 * publishers_.size() + 2 * delivery_rounds_max;
  const auto is_over = [&] { return stage_.round() > until; };
  if (!stage_.run("a crowd", is_over, [this] { judge(); })) return false;
  for (Publisher* publisher : publishers_) publisher->stop();
  trace.note("of {} rounds input waited at most {}, answers {}, deliveries {}", stage_.round(),
             longest_of(input_), longest_of(answers_), longest_of(deliveries_));
  return stage_.end(queues_);
}

/// Each queue by another connection, so that homes differ. What is in there is known when a
/// declaration that came behind says so.
bool Crowd::fill() {
  Asker& asker = stage_.add<Asker>(crowd_pace);
  if (!stage_.open_all()) return false;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    Asker& owner = stage_.add<Asker>(crowd_pace);
    if (!stage_.open_all() || !stage_.declare(owner, queues_[i], false)) return false;
    asker.post(queues_[i], backlog);
  }
  for (const std::string& queue : queues_) {
    const auto is_filled = [&] {
      const core::Queue* found = stage_.find_queue(queue);
      return found != nullptr && found->counts().ready == backlog;
    };
    if (!stage_.run("a backlog", is_filled)) return false;
  }
  return true;
}

void Crowd::judge() {
  const std::uint64_t round = stage_.round();
  for (std::size_t i = 0; i < publishers_.size(); ++i) {
    const io::SimClient& client = publishers_[i]->wire().client();
    const std::uint64_t waited =
        input_[i].wait(client.read_count(), client.unread_size() > 0, round);
    if (waited > stage_.peer_count() + input_latency)
      stage_.judge().fail(16, "publisher {} was not read for {} rounds", i, waited);
  }
  for (std::size_t i = 0; i < askers_.size(); ++i) {
    const Asker& asker = *askers_[i];
    const std::uint64_t waited =
        answers_[i].wait(asker.answered_count(), !asker.is_answered(), round);
    if (waited > answer_rounds_max) stage_.judge().fail(16, "an answer takes {} rounds", waited);
  }
  for (std::size_t i = 0; i < subscribers_.size(); ++i) {
    const std::uint64_t count = subscribers_[i]->received_count();
    const bool is_owed = subscribers_[i]->has_started() && count < backlog;
    const std::uint64_t waited = deliveries_[i].wait(count, is_owed, round);
    if (waited > delivery_rounds_max)
      stage_.judge().fail(16, "queue {} has delivered {} of {} messages, and none for {} rounds",
                          queues_[i], count, backlog, waited);
  }
}

}  // namespace lepus::sim
