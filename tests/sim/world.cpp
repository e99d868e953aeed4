// The phases of a run.
#include "tests/sim/world.h"

#include <algorithm>

#include "core/broker/event.h"
#include "core/limits.h"

namespace lepus::sim {

namespace {

constexpr std::uint64_t driver_fault_seed = 0xFA017;
constexpr core::Nanos settle_limit = 60 * core::nanos_per_s;
constexpr core::Nanos play_limit = 300 * core::nanos_per_s;
constexpr core::Nanos longest_ttl = 600 * core::nanos_per_ms;
constexpr core::Nanos calm_limit = 200 * core::nanos_per_ms;
constexpr std::size_t steps_max = 6'000'000;  ///< Of a whole run: beyond it, something spins.
constexpr core::Nanos progress_wait =
    1500 * core::nanos_per_ms;  ///< Longer than any way there and back, and the retry of a write.
constexpr std::uint16_t window_of_all = UINT16_MAX;  ///< More than a run has messages.

io::SimFaults draw_faults(const Plan& plan, core::Random& random, std::uint64_t seed) {
  io::SimFaults faults = io::SimFaults::draw(random);
  if (!plan.network_faults) {
    const core::Nanos delay = faults.delay_ns_max;
    faults = {};
    faults.delay_ns_max = delay;
  }
  core::Random driver_random{seed ^ driver_fault_seed};
  if (driver_random.chance(70)) faults.driver = io::SimDriverFaults::draw(driver_random);
  // One byte at a time and a long way: a run would take hours of virtual time.
  faults.inbound_max = std::max<std::size_t>(faults.inbound_max, 64);
  faults.outbound_max = std::max<std::size_t>(faults.outbound_max, 64);
  if (faults.inbound_max < 4096 || faults.outbound_max < 4096)
    faults.delay_ns_max = std::min(faults.delay_ns_max, core::Nanos{100'000});
  return faults;
}

}  // namespace

World::World(std::uint64_t seed, Mistake mistake, bool verbose)
    : judge_(verbose),
      model_(judge_),
      oracle_(judge_, model_),
      random_(seed),
      plan_(Plan::draw(random_)),
      scene_{&judge_, &model_, &oracle_, &sim_, &random_, &plan_},
      sim_(random_.next(), draw_faults(plan_, random_, seed)),
      saboteur_(mistake, seed ^ 0x5ab07a6e),
      disk_random_(seed ^ 0xd15cd15c),
      clock_random_(seed ^ 0xc10cc10c),
      backup_random_(seed ^ 0xbac0bac0),
      backup_(sim_, judge_, saboteur_),
      read_random_(seed ^ 0x4ead4ead),
      late_random_(seed ^ 0x1a7e1a7e),
      reads_fail_(plan_.has_disk && mistake == Mistake::none && read_random_.chance(15)),
      seed_(seed),
      actor_(scene_) {
  core::Random more_random{seed ^ 0x304e304e};
  if (draws_more(mistake)) plan_.draw_more(more_random);
  reads_fail_ = reads_fail_ || plan_.files_short;
  crashes_left_ = plan_.crashes;
  judge_.set_clock([this] { return sim_.now(); });
  sim_.step_wall_clock(1'000'000 * core::nanos_per_s);
  scene_.filter = mistake == Mistake::none ? nullptr : &saboteur_;
  for (int i = 0; i < 3; ++i) {
    QueueModel& queue = model_.add_queue("w" + std::to_string(i));
    queue.auto_delete = i == 2;
    queue.durable = plan_.has_disk && i == 0;
    queue.exists.set(Presence::maybe, 0);
    queue.unclear = true;
  }
  for (const char* type : {"direct", "topic"}) {
    ExchangeModel& exchange = model_.add_exchange(std::string("wx.") + type, type);
    exchange.auto_delete = exchange.type == "topic";
    exchange.exists.set(Presence::maybe, 0);
    exchange.unclear = true;
  }
  for (const std::string_view name : {core::trace_exchange_name, core::event_exchange_name}) {
    ExchangeModel& exchange = model_.add_exchange(std::string{name}, "topic");
    exchange.wild = exchange.predeclared = exchange.durable = exchange.internal = true;
    exchange.exists.set(Presence::maybe, 0);
    exchange.unclear = true;
  }
  seats_.resize(plan_.clients);
  judge_.note("seed {}: {} shards, {} clients, {} actions, {} crashes{}", seed, plan_.shards,
              plan_.clients, plan_.actions, plan_.crashes, plan_.has_disk ? ", a disk" : "");
}

/// A broken world is not taken apart: its destructors would find what the oracle found.
World::~World() {
  if (cluster_ && (judge_.failed() || !cluster_->is_finished())) (void)cluster_.release();
}

Outcome World::run() {
  start();
  plan_crash();
  if (!judge_.failed()) play();
  if (!judge_.failed() && !scene_.stopping) settle();
  if (!judge_.failed() && !scene_.stopping) close_clients();
  if (!judge_.failed() && !scene_.stopping) interlude();
  if (!judge_.failed() && !scene_.stopping) drain();
  if (!judge_.failed() && !scene_.stopping) load();
  if (!judge_.failed()) stop();
  judge_.note("virtual time {} steps {}", sim_.now(), steps_);
  return {!judge_.failed(), judge_.verdict(),    judge_.hash(),
          oracle_.count(),  scene_.actions_done, saboteur_.count()};
}

// ---- time ----

void World::notice() {
  for (Seat& seat : seats_)
    if (seat.client) seat.client->notice_death();
}

void World::step() {
  if (++steps_ > steps_max) return judge_.fail(13, "the run does not end: {}", describe());
  core::Nanos horizon = sim_.now() + core::nanos_per_s;
  for (const Seat& seat : seats_) horizon = std::min(horizon, seat.next_step);
  const bool client_due = horizon <= sim_.now();
  delay_shards();
  if (!client_due || random_.chance(60)) {
    if (const io::SimDriver* driver = sim_.next_runnable(horizon)) {
      cluster_->run_turn(*driver);
      if (cluster_->has_failed()) return crash();
      notice();
    }
  }
  for (Seat& seat : seats_) {
    if (seat.next_step > sim_.now()) continue;
    step_client(seat);
    break;
  }
  if (judge_.now() != last_tick_) last_progress_ = sim_.now();
  last_tick_ = judge_.now();
  std::size_t live = 0;
  bool all_open = true;
  for (const Seat& seat : seats_) {
    if (!seat.client || seat.client->is_over()) continue;
    ++live;
    all_open = all_open && seat.client->phase() == Client::Phase::open;
    for (const auto& [number, channel] : seat.client->channels())
      all_open = all_open && (channel->state() == Channel::State::open ||
                              channel->state() == Channel::State::opening);
  }
  const bool quiet = all_open && cluster_->connection_count() == live && cluster_->rings_empty();
  quiet_steps_ = quiet ? quiet_steps_ + 1 : 0;
  if (quiet_steps_ != quiet_steps_min) return;
  judge_.note("quiet");
  for (std::uint32_t i = 0; i < model_.queue_count(); ++i)
    if (model_.queue(i).losses.by_death > 0) oracle_.forgive_losses(model_.queue(i));
  judge_accounts(judge_, *cluster_, present());
  judge_.advance();
  model_.settle_deaths();
  last_tick_ = judge_.now();  // That is no progress.
}

/// What was asked for and not answered may be there.
Present World::present() const {
  Present present;
  present.takes_output = !acting_ && !scene_.stopping;
  for (const Seat& seat : seats_) {
    if (!seat.client || seat.client->is_over()) continue;
    ++present.connections;
    for (const auto& [number, channel] : seat.client->channels()) {
      ++present.channels;
      present.consumers += channel->consumers().size() + channel->pending_count();
      present.transaction_messages += channel->transaction_size();
    }
  }
  return present;
}

void World::connect(Seat& seat) {
  auto end = sim_.network().connect(Cluster::port);
  if (!end) return;
  seat.client = std::make_unique<Client>(scene_, std::move(end));
  seat.stalled_until = 0;
  seat.idle_steps = 0;
}

void World::step_client(Seat& seat) {
  const core::Nanos think_min = std::max<core::Nanos>(20'000, sim_.faults().delay_ns_max / 4);
  const core::Nanos think = think_min << std::min(seat.idle_steps / 8, 6U);
  seat.next_step =
      sim_.now() + 1 + static_cast<core::Nanos>(random_.below(static_cast<std::uint64_t>(think)));
  if (!seat.client || seat.client->is_over()) {
    if (acting_ && random_.chance(20)) connect(seat);
    return;
  }
  Client& client = *seat.client;
  const bool stalled = acting_ && seat.stalled_until > sim_.now();
  const Tick before = judge_.now();
  if (!stalled) client.read();
  const bool may_stall = acting_ && !stalled && client.phase() == Client::Phase::open;
  if (may_stall && random_.below(1000) < plan_.stall_per_mille) {
    seat.stalled_until =
        sim_.now() + static_cast<core::Nanos>(random_.below(2 * core::nanos_per_s));
  }
  if (acting_) actor_.act(client);
  seat.idle_steps = judge_.now() == before ? seat.idle_steps + 1 : 0;
  client.flush();
}

bool World::run_until(core::Nanos limit, const std::function<bool()>& done) {
  const core::Nanos end = sim_.now() + limit;
  while (!judge_.failed() && sim_.now() < end) {
    if (done()) return true;
    step();
  }
  return !judge_.failed() && done();
}

bool World::expect(const char* what, const std::function<bool()>& done) {
  if (run_until(settle_limit, done)) return true;
  judge_.fail(13, "{}: {}", what, describe());
  return false;
}

std::string World::describe() const {
  std::string text = fmt::format("{} connections; ", cluster_->connection_count());
  for (const auto& store : cluster_->stores()) {
    const persist::Journal& journal = store->journal();
    text += fmt::format("journal at batch {}, {} durable{}; ", journal.open_batch(),
                        journal.durable(), journal.is_behind() ? ", behind" : "");
  }
  for (const Seat& seat : seats_)
    if (seat.client && !seat.client->is_over()) text += seat.client->describe() + "; ";
  return text;
}

// ---- phases ----

void World::play() {
  const std::size_t stop_at = plan_.abrupt_stop ? random_.below(plan_.actions) : SIZE_MAX;
  std::size_t next_calm = 50 + random_.below(150);
  const core::Nanos end = sim_.now() + play_limit;
  while (!judge_.failed() && scene_.actions_done < plan_.actions && sim_.now() < end) {
    step();
    if (crash_is_due()) crash();
    if (judge_.failed()) return;
    if (plan_.has_disk) disturb_disk();
    if (reads_fail_) disturb_reads();
    if (plan_.has_disk) lock_store();
    disturb_clock();
    if (plan_.memory_alarm && random_.below(400) == 0)
      cluster_->control().alarms().set_memory_watermark(random_.chance(50) ? 2000 : UINT64_MAX);
    if (plan_.has_disk && random_.below(300) == 0)
      cluster_->set_memory_pressure_threshold(random_.chance(50) ? random_.below(2000)
                                                                 : UINT64_MAX);
    if (scene_.actions_done >= stop_at) {
      scene_.stopping = true;
      break;
    }
    if (scene_.actions_done < next_calm) continue;
    next_calm = scene_.actions_done + 50 + random_.below(150);
    calm();
  }
  cluster_->control().alarms().set_memory_watermark(UINT64_MAX);
  unlock_store();
  end_disk_faults();
  mend_reads();
}

/// Nobody does anything for a while: what died is forgotten by the broker.
void World::calm() {
  unlock_store();
  acting_ = false;
  run_until(calm_limit, [this] { return quiet_steps_ > quiet_steps_min; });
  acting_ = true;
}

void World::settle() {
  acting_ = false;
  sim_.end_faults();
  const auto all = [this](auto&& holds) {
    return std::all_of(seats_.begin(), seats_.end(), [&](const Seat& seat) {
      return !seat.client || seat.client->is_over() || holds(*seat.client);
    });
  };
  const auto settled = [&] {
    return all([](const Client& client) { return client.is_settled(); });
  };
  for (Seat& seat : seats_) {
    if (!seat.client || seat.client->is_over()) continue;
    for (auto& [number, channel] : seat.client->channels())
      if (channel->state() == Channel::State::open &&
          (channel->needs_sync() || channel->is_stopping()))
        channel->sync();
  }
  if (!expect("answers or confirms are missing", settled)) return;
  const auto work_off = [&] {
    if (reads_fail_) retry_parked();
    bool nothing_held = true;
    for (Seat& seat : seats_) {
      if (!seat.client || seat.client->is_over()) continue;
      for (auto& [number, channel] : seat.client->channels()) {
        if (channel->state() != Channel::State::open || !channel->is_idle()) continue;
        if (!channel->unacked().empty())
          channel->settle(channel->unacked().rbegin()->first, true, core::Outcome::acknowledged);
        if (channel->has_open_transaction()) channel->commit();
        nothing_held = nothing_held && channel->is_idle();
      }
    }
    return nothing_held && settled() && quiet_steps_ > quiet_steps_min &&
           sim_.now() - last_progress_ > progress_wait;
  };
  if (!expect("consumers do not get everything", work_off)) return;
  judge_waiting();
}

/// Everything is acknowledged: no queue keeps messages from a consumer that waits.
void World::judge_waiting() {
  for (const Seat& seat : seats_) {
    if (!seat.client || seat.client->is_over()) continue;
    for (const auto& [number, channel] : seat.client->channels()) {
      for (const auto& [tag, consumer] : channel->consumers()) {
        const QueueModel& queue = model_.queue(consumer.queue);
        if (queue.wild || queue.rules.stream || queue.exists.state() != Presence::present) continue;
        for (const auto& [id, copy] : queue.copies)
          if (copy.must && copy.state == Copy::State::ready)
            judge_.fail(13, "queue {}: message {} is kept from a consumer that waits ({} {})",
                        queue.name, id, seat.client->id(), number);
      }
    }
  }
}

void World::close_clients() {
  for (Seat& seat : seats_) {
    if (!seat.client || seat.client->is_over()) continue;
    if (random_.chance(50)) {
      for (auto& [number, channel] : seat.client->channels())
        if (channel->state() == Channel::State::open) channel->close();
    }
    seat.client->close();
  }
  expect("connections do not close", [this] {
    return std::all_of(seats_.begin(), seats_.end(),
                       [](const Seat& seat) { return !seat.client || seat.client->is_over(); }) &&
           cluster_->connection_count() == 0 && quiet_steps_ > quiet_steps_min;
  });
}

bool World::idle(Client& client) {
  return expect("the last client gets no answer",
                [&] { return client.is_over() || client.is_settled(); });
}

Channel* World::fresh_channel(Client& client) {
  for (auto& [number, channel] : client.channels())
    if (channel->state() == Channel::State::open) return channel.get();
  Channel* channel = client.open_channel();
  return idle(client) && !client.is_over() ? channel : nullptr;
}

void World::drain() {
  acting_ = false;
  Seat& seat = seats_.front();
  connect(seat);
  if (!seat.client) return judge_.fail(13, "no connection for the last client");
  Client& client = *seat.client;
  if (!idle(client)) return;
  run_until(longest_ttl, [] { return false; });  // All that can expire does, and every delay ends.
  oracle_.owe_held();
  for (std::uint32_t i = 0; i < model_.queue_count() && !judge_.failed(); ++i) {
    QueueModel& queue = model_.queue(i);
    if (queue.wild || queue.exists.state() == Presence::absent) continue;
    if (queue.rules.stream) {
      drain_stream(client, queue);
    } else {
      drain_queue(client, queue);
    }
  }
  oracle_.dead_letters().check();
  if (judge_.failed()) return;
  clear(client);
  if (judge_.failed()) return;
  client.close();
  expect("the last connection does not close", [&] {
    return client.is_over() && cluster_->connection_count() == 0 && quiet_steps_ > quiet_steps_min;
  });
  if (!judge_.failed()) check_given_back();
}

void World::drain_queue(Client& client, QueueModel& queue) {
  const bool sure = queue.exists.state() == Presence::present;
  std::uint32_t count = 0;
  for (;; ++count) {
    Channel* channel = fresh_channel(client);
    if (channel == nullptr) return;
    const std::uint16_t number = channel->number();
    channel->get(queue, false);
    if (!idle(client)) return;
    if (!client.channels().contains(number)) break;  // 404, and that was judged.
    if (channel->unacked().empty()) break;
    judge_rest(queue, channel->unacked().rbegin()->second.message);
    channel->settle(0, true, core::Outcome::acknowledged);
  }
  if (queue.rules.max_length > 0 && !queue.rules.reject_publish && count > queue.rules.max_length)
    judge_.fail(10, "queue {}: {} messages, {} are allowed", queue.name, count,
                queue.rules.max_length);
  if (sure) oracle_.check_emptied(queue);
}

/// Everything from the first message on, within one window.
void World::drain_stream(Client& client, QueueModel& queue) {
  const bool sure = queue.exists.state() == Presence::present;
  Channel* channel = fresh_channel(client);
  if (channel == nullptr) return;
  const std::uint16_t number = channel->number();
  queue.log = {};
  channel->qos(window_of_all, 0, false);
  ConsumePlan plan;
  plan.stream_from = "first";
  channel->consume(queue, plan);
  if (!idle(client) || !client.channels().contains(number)) return;  // 404 was judged.
  const auto all_read = [&] { return sim_.now() - last_progress_ > progress_wait; };
  if (!expect("a stream does not end", all_read)) return;
  if (sure) oracle_.check_stream(queue);
  channel->close();
  idle(client);
}

/// Promise 10, about a message that was still in the queue.
void World::judge_rest(const QueueModel& queue, MessageId id) {
  if (queue.rules.expires_ms > 0)
    judge_.fail(10, "queue {} expires after {} ms and is still there", queue.name,
                queue.rules.expires_ms);
  if (queue.rules.ttl_ms > 0 || (id != 0 && oracle_.sent(id).expires))
    judge_.fail(10, "queue {}: message {} is past its time and still there", queue.name, id);
}

void World::clear(Client& client) {
  for (std::uint32_t i = 0; i < model_.queue_count() && !judge_.failed(); ++i) {
    QueueModel& queue = model_.queue(i);
    if (!queue.wild && queue.exists.state() == Presence::absent) continue;
    Channel* channel = fresh_channel(client);
    if (channel == nullptr) return;
    channel->delete_queue(queue, false, false);
    if (!idle(client)) return;
  }
  for (std::uint32_t i = 0; i < model_.exchange_count() && !judge_.failed(); ++i) {
    ExchangeModel& exchange = model_.exchange(i);
    if (exchange.predeclared || exchange.exists.state() == Presence::absent) continue;
    Channel* channel = fresh_channel(client);
    if (channel == nullptr) return;
    channel->delete_exchange(exchange, false);
    if (!idle(client)) return;
  }
}

void World::check_given_back() {
  if (!cluster_->an_operator().is_answered())
    judge_.fail(13, "an operator's change was never answered");
  const auto flows = [this] {
    return std::all_of(cluster_->shards().begin(), cluster_->shards().end(), [](const auto& shard) {
      return shard->broker().flow().is_idle() && !shard->broker().has_work();
    });
  };
  // The brake of a queue that is gone ends by time.
  if (expect("a brake does not end", flows)) judge_drained(judge_, *cluster_);
}

void World::stop() {
  acting_ = false;
  sim_.end_faults();
  end_disk_faults();
  stop_broker();
}

void World::stop_broker() {
  // A write that fails meanwhile is a crash: the next process has to be told, too.
  const auto is_stopped = [this] {
    cluster_->control().stop();
    return cluster_->is_finished();
  };
  if (!expect("the broker does not stop", is_stopped)) return;
  if (cluster_->ops_in_flight() != 0)
    judge_.fail(12, "{} operations are in flight after the end", cluster_->ops_in_flight());
  if (sim_.network().open_count() != 0)
    judge_.fail(12, "{} descriptors are open after the end", sim_.network().open_count());
  for (const auto& shard : cluster_->shards()) {
    const core::MemoryAccount& memory = shard->broker().memory();
    if (memory.session_bytes != 0)
      judge_.fail(12, "shard {} still counts {} bytes of connections, channels and consumers",
                  shard->broker().shard(), memory.session_bytes);
    if (memory.unacked_bytes != 0)
      judge_.fail(12, "shard {} still counts {} bytes of unacknowledged deliveries",
                  shard->broker().shard(), memory.unacked_bytes);
  }
  if (judge_.failed()) return;
  cluster_.reset();
  if (sim_.disk().open_count() != 0)
    judge_.fail(12, "{} files are open after the end", sim_.disk().open_count());
}

}  // namespace lepus::sim
