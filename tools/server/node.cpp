// Putting the threads together and taking them apart.
#include "tools/server/node.h"

#include <sys/random.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <future>
#include <iterator>
#include <utility>

#include "core/limits.h"
#include "io/os.h"
#include "io/uring/uring_probe.h"
#include "persist/backup/backup_list.h"
#include "persist/journal/journal_check.h"
#include "persist/recovery/kept_aside.h"
#include "persist/recovery/shard_import.h"
#include "tools/server/config/config_memory.h"
#include "tools/server/connection_settings.h"
#include "tools/server/definitions/cluster_name.h"
#include "tools/server/descriptors.h"
#include "tools/server/service/exit_codes.h"
#include "tools/server/stall_log.h"

namespace lepus::server {

using core::LogCategory;
using core::LogLevel;

namespace {

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  CHECK(getrandom(&seed, sizeof seed, 0) == sizeof seed);
  return seed;
}

io::IdlePolicy idle_policy(const ServerConfig& config) {
  io::IdlePolicy policy{config.idle, config.idle_spin_us * core::nanos_per_us,
                        config.idle_disk_spin_us * core::nanos_per_us};
  if (config.dpdk.enabled)
    policy.sleep_max_ns = config.dpdk_limits.poll_interval_us * core::nanos_per_us;
  return policy;
}

/// Empty, or what is in the way of another loop.
std::string make_driver(const ServerConfig& config, std::unique_ptr<io::Driver>& driver) {
  const bool is_epoll = config.io_driver == DriverChoice::automatic
                            ? io::probe_uring().is_refused
                            : config.io_driver == DriverChoice::epoll;
  std::string error;
  driver = io::create_driver({is_epoll ? io::DriverKind::epoll : io::DriverKind::io_uring,
                              config.recv_buffer_count, config.recv_buffer_size},
                             &error);
  return error;
}

std::string event_vhost(const ServerConfig& config) {
  return config.event_vhost.empty() ? config.vhosts[0] : config.event_vhost;
}

}  // namespace

Node::Node(const ServerConfig& config, const Placement& placement, LogSystem& log_system,
           const ServiceManager& service)
    : placement_(placement),
      log_system_(log_system),
      log_(log_system.producer("control")),
      service_(service),
      config_(config),
      auth_(config.auth, log_system.producer("auth")),
      mesh_(placement.shards.size() + 1),
      readings_{SlowReading<std::int64_t>{
                    [path = config.data_dir] { return io::KernelDisk{}.free_bytes(path); }},
                SlowReading<ProcessMemory>{read_process_memory}},
      shards_(placement.shards.size()) {
  for (std::size_t i = 0; i < shards_.size(); ++i)
    shards_[i].log = &log_system_.producer("shard-" + std::to_string(i));
}

Node::~Node() {
  for (ShardThread& own : shards_) CHECK(!own.thread.joinable());
  doors_.bypass.stop_watching();
}

std::string Node::start() {
  const std::uint64_t files = io::raise_file_limit();
  if (const std::string text = descriptor_warning(files, config_.connections_max); !text.empty())
    log_.write(LogLevel::warning, LogCategory::general, "limit of open files", {{"text", text}});
  TlsSetup tls;
  if (std::string error = make_tls(config_, tls); !error.empty()) return error;
  HttpTls http_tls;
  if (std::string error = make_http_tls(config_, http_tls); !error.empty()) return error;
  // Once more in listen(): what comes between may take long, and is in vain when this is in use.
  if (std::string error = wait_until_free(config_.all_listeners()); !error.empty()) return error;
  if (std::string error = make_driver(config_, driver_); !error.empty()) return error;
  loop_ = std::make_unique<io::Loop>(
      *driver_, io::IdlePolicy{io::IdleMode::adaptive, core::limits::control_spin});
  mesh_.set_loop(static_cast<core::ShardId>(shards_.size()), *loop_);
  events_.watchdog = std::make_unique<Watchdog>(*loop_, service_, log_);
  if (std::string error = auth_.load(); !error.empty()) return error;
  service_.status("reading the definitions");
  if (std::string error = open_catalog(); !error.empty()) return error;
  std::unique_ptr<io::Driver> admin_driver;
  if (std::string error = make_driver(config_, admin_driver); !error.empty()) return error;
  admin_ = std::make_unique<NodeAdmin>(*this, std::move(admin_driver), tls, http_tls);
  if (std::string error = make_shards(tls); !error.empty()) return error;
  if (std::string error = listen(); !error.empty()) return error;
  if (std::string error = start_control(); !error.empty()) return error;
  if (std::string error = admin_->start(); !error.empty()) return error;
  start_events();
  const NodeLimits limits = this->limits();
  if (auth_.thread != nullptr) auth_.thread->start();
  admin_->run_thread();
  for (std::size_t i = 0; i < shards_.size(); ++i)
    shards_[i].thread = std::thread([this, i] { run_shard(shards_[i], placement_.shards[i]); });
  while (!control_->is_serving()) loop_->run_turn();
  readings_.disk_free.start_thread("disk-space");
  readings_.process_memory.start_thread("process-memory");
  const std::int64_t now_s = (loop_->now() + loop_->wall_offset()) / core::nanos_per_s;
  for (const TlsSetup* one : {&tls, &http_tls.management, &http_tls.prometheus})
    if (one == &tls || one->keys != tls.keys) log_certificates(*one, log_, now_s);
  log_.write(LogLevel::info, LogCategory::general, "broker started",
             {{"version", LEPUS_VERSION},
              {"shards", shards_.size()},
              {"pinned", placement_.pin},
              {"memory_watermark_bytes", limits.memory_watermark},
              {"disk_free_wanted_bytes", limits.disk_free_min}});
  return {};
}

void Node::start_events() {
  events_.signals = std::make_unique<io::SignalSource>(
      *loop_, std::initializer_list<int>{SIGTERM, SIGINT, SIGHUP});
  events_.signals->bind<&Node::on_signal>(this);
  events_.signals->start();
  events_.stored = std::make_unique<io::ThreadEvent>(*loop_);
  events_.stored->bind<&Control::on_stored>(control_.get());
  events_.stored->start();
  control_->store().start_thread([this] { events_.stored->notify(); });
  for (std::size_t i = 0; i < shards_.size(); ++i)
    shards_[i].pulse = events_.watchdog->add(fmt::format("shard-{}", i));
  events_.watchdog->start();
}

std::string Node::open_catalog() {
  const std::string list = config_.data_dir + "/" + persist::backup_list_file;
  if (::access(list.c_str(), F_OK) == 0)
    return fmt::format(
        "data_dir {} is a backup: restore it into another directory (lepusctl restore), or remove "
        "{} if it is to be used up",
        config_.data_dir, list);
  std::string error = catalog_.open({catalog_path(config_), random_seed() | 1});
  if (error.empty())
    error = load_start_definitions(
        {config_, catalog_, log_, static_cast<core::ShardId>(shards_.size()), random_seed()},
        definitions_);
  return error;
}

std::string Node::make_shards(const TlsSetup& tls) {
  const net::TicketSecret ticket_secret = random_ticket_secret();
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    ShardThread& own = shards_[i];
    if (std::string error = make_driver(config_, own.driver); !error.empty()) return error;
    own.loop = std::make_unique<io::Loop>(*own.driver, idle_policy(config_));
    mesh_.set_loop(static_cast<core::ShardId>(i), *own.loop);
  }
  if (std::string error = open_journals(); !error.empty()) return error;
  if (std::string error = doors_.bypass.start(config_, shards_.size(), log_); !error.empty())
    return error;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    ShardThread& own = shards_[i];
    own.auth = auth_.make_link(*own.loop);
    auto settings = make_settings(config_);
    settings->cluster_name = cluster_name_with(config_, definitions_.stored_rows);
    Shard::Parts parts{static_cast<core::ShardId>(i),
                       &mesh_,
                       own.loop.get(),
                       std::move(settings),
                       own.log,
                       random_seed(),
                       [this] { return connection_count(); }};
    parts.storage = {&own.store->journal(), own.store.get(), &own.store->journal().backup()};
    parts.uses = &auth_.uses;
    parts.node = node_name(config_);
    parts.event_vhost = event_vhost(config_);
    parts.transports.descriptor_max = client_descriptor_max(io::file_use().limit);
    parts.secret_key = {random_seed(), random_seed()};
    parts.accepting = {config_.tcp.proxy_trusted_sources, tls, ticket_secret};
    parts.login = {own.auth.get(), &auth_.logins};
    if (std::string error = doors_.bypass.make_transport(i, *own.loop, parts.transports.stack);
        !error.empty())
      return error;
    own.shard = std::make_unique<Shard>(std::move(parts));
  }
  set_paging(limits().paging_size);
  return {};
}

persist::Journal::Parts Node::journal_parts(io::Loop& loop, core::Log& log) {
  persist::Journal::Parts parts{};
  parts.loop = &loop;
  parts.disk = &disks_.watched;
  parts.log = &log;
  parts.store = catalog_.store();
  parts.segment_size = config_.journal_segment_size;
  parts.sync = config_.journal_sync;
  parts.sync_interval = config_.journal_sync_interval_ms * core::nanos_per_ms;
  parts.fail = [](void* self, const std::string& why) {
    auto* node = static_cast<Node*>(self);
    fmt::print(stderr, "lepus: {}\n", why);
    node->end_process();
  };
  parts.fail_owner = this;
  return parts;
}

/// With a loop of its own, which never sleeps: nothing would wake it.
std::string Node::import_journals() {
  std::unique_ptr<io::Driver> driver;
  if (std::string error = make_driver(config_, driver); !error.empty()) return error;
  io::Loop loop{*driver, io::IdlePolicy{io::IdleMode::poll, 0}};
  return persist::import_gone_shards(
      {config_.data_dir, static_cast<std::uint32_t>(shards_.size()), &definitions_.stored,
       &catalog_, catalog_.newest_queue(), journals_.accepts_loss, journals_.kept_aside},
      journal_parts(loop, log_));
}

/// The journals are those that the catalog belongs to, or the operator does without.
std::string Node::check_journals() {
  const std::string accept_file = config_.data_dir + "/" + persist::accept_loss_file;
  journals_.accepts_loss = ::access(accept_file.c_str(), F_OK) == 0;
  const core::Nanos wall_clock = loop_->now() + loop_->wall_offset();
  journals_.kept_aside = persist::new_kept_aside_directory(
      disks_.watched, config_.data_dir, static_cast<std::uint64_t>(wall_clock / core::nanos_per_s));
  if (std::string error = catalog_.load_journal_ends(journals_.ends); !error.empty()) return error;
  const persist::KnownQueues known{definitions_.stored};
  for (const std::string& text :
       persist::find_lost_journals(disks_.watched, config_.data_dir, journals_.ends, known)) {
    if (!journals_.accepts_loss)
      return fmt::format("{}; put it back, or {}", text, persist::advice_on_loss());
    log_.write(LogLevel::error, LogCategory::general, "messages are lost", {{"text", text}});
  }
  return {};
}

/// With journal.sync other than always a power cut may take the newest files.
persist::ShardRecovery::Expected Node::expected_of(std::size_t shard) const {
  const auto end = journals_.ends.find(static_cast<std::uint32_t>(shard));
  return {end == journals_.ends.end() ? 0 : end->second,
          journals_.accepts_loss || config_.journal_sync != persist::SyncMode::always,
          journals_.kept_aside};
}

std::string Node::save_journal_ends() {
  std::map<std::uint32_t, std::uint64_t> ends;
  for (std::size_t i = 0; i < shards_.size(); ++i)
    ends[static_cast<std::uint32_t>(i)] = shards_[i].store->newest_segment();
  std::string error = ends == journals_.ends ? "" : catalog_.save_journal_ends(ends);
  if (error.empty() && std::exchange(journals_.accepts_loss, false))
    unlink((config_.data_dir + "/" + persist::accept_loss_file).c_str());
  if (error.empty()) journals_.ends = std::move(ends);
  if (error.empty() || catalog_.fault() == persist::Catalog::Fault::in_doubt) return error;
  catalog_.roll_back({});
  log_.write(LogLevel::warning, LogCategory::general,
             "the catalog does not know how far the journals came", {{"text", error}});
  return {};
}

/// All shards at once: after a crash each reads its whole journal.
std::string Node::open_journals() {
  if (std::string error = check_journals(); !error.empty()) return error;
  if (std::string error = import_journals(); !error.empty()) return error;
  persist::KnownQueues known{definitions_.stored};
  known.set_newest(catalog_.newest_queue());
  std::vector<std::future<std::string>> opening;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    ShardThread& own = shards_[i];
    persist::Journal::Parts parts = journal_parts(*own.loop, *own.log);
    parts.shard = static_cast<core::ShardId>(i);
    parts.directory = persist::shard_directory(config_.data_dir, parts.shard);
    own.store = std::make_unique<persist::ShardRecovery>(parts);
    opening.push_back(std::async(std::launch::async, [&own, &known, expected = expected_of(i)] {
      return own.store->open(known, expected);
    }));
  }
  const StartProgress progress(service_, disks_.watched, config_.data_dir);
  std::string error;
  for (auto& one : opening)
    if (std::string text = progress.wait_for(one); error.empty()) error = std::move(text);
  return error.empty() ? save_journal_ends() : error;
}

std::string Node::start_control() {
  const NodeLimits limits = this->limits();
  control_ = std::make_unique<Control>(Control::Parts{
      &mesh_, loop_.get(), &log_, limits.memory_watermark, [this] { return memory_bytes(); },
      &catalog_, &readings_.disk_free, limits.disk_free_min, event_vhost(config_),
      config_.default_queue_type, &readings_.process_memory, [this] { begin_stop("lepusctl"); }});
  doors_.bypass.watch(*loop_, log_);
  std::string error = control_->start(std::move(definitions_.stored), config_.vhosts);
  catalog_.stop_waiting();
  return error;
}

/// Shards still run and their clients wait for answers that must not come: there is no clean way.
void Node::end_process() {
  log_system_.flush();
  std::_Exit(failure_code(config_));
}

std::string Node::open_sockets(const ListenTurn& turn, core::Log& log, ShardListeners& listeners) {
  if (!turn.is_held())
    log.write(LogLevel::warning, LogCategory::general,
              "another lepus is starting for very long: whether it takes the same address is not "
              "known",
              {});
  listeners.resize(shards_.size());
  if (std::string error = open_listeners(config_, listeners); !error.empty()) return error;
  for (std::vector<net::Listening>& own : listeners)
    for (net::Listening& one : doors_.bypass.listeners()) own.push_back(std::move(one));
  for (const ListenAddress& address : config_.listeners)
    doors_.notices.post(address, config_.data_dir);
  return {};
}

std::string Node::listen() {
  ShardListeners listeners;
  const ListenTurn turn;
  if (std::string error = wait_until_free(config_.all_listeners()); !error.empty()) return error;
  if (std::string error = open_sockets(turn, log_, listeners); !error.empty()) return error;
  std::vector<net::Listening> http;
  if (std::string error = open_http_listeners(config_, http); !error.empty()) return error;
  for (const ListenAddress& address : config_.http_listeners())
    doors_.notices.post(address, config_.data_dir);
  admin_->listen_http(std::move(http));
  for (std::size_t shard = 0; shard < shards_.size(); ++shard)
    for (net::Listening& one : listeners[shard]) shards_[shard].shard->add_listener(std::move(one));
  return {};
}

void Node::run_shard(ShardThread& own, const ShardPlace& place) {
  io::name_thread("shard-" + std::to_string(place.shard));
  if (placement_.pin) {
    const std::string error = io::pin_thread(static_cast<int>(place.cpu.number));
    if (!error.empty())
      own.log->write(LogLevel::warning, LogCategory::general, "cannot pin shard",
                     {{"text", error}});
  }
  if (own.auth != nullptr) own.auth->start();
  const NodeBypass::Thread bypass(doors_.bypass, *own.log);
  const Heart heart(*own.loop, own.pulse, service_.watchdog());
  StallLog stalls{own.loop->profile(), *own.log, fmt::format("shard-{}", place.shard)};
  while (!own.shard->is_finished()) {
    own.loop->run_turn();
    stalls.look(own.loop->now());
  }
}

int Node::run() {
  if (placement_.pin) {
    const std::string error = io::pin_thread_to(placement_.control_cpus);
    if (!error.empty())
      log_.write(LogLevel::warning, LogCategory::general, "cannot pin control thread",
                 {{"text", error}});
  }
  StallLog stalls{loop_->profile(), log_, "control"};
  while (!control_->is_finished()) {
    loop_->run_turn();
    stalls.look(loop_->now());
  }
  for (ShardThread& own : shards_) own.thread.join();
  remove_unix_listeners(config_);
  if (auth_.thread != nullptr) auth_.thread->stop();
  if (!catalog_.has_changes())
    if (const std::string error = save_journal_ends(); !error.empty())
      log_.write(LogLevel::error, LogCategory::general, "catalog", {{"text", error}});
  // Operators that wait for the end see it. What they ask is about shards, which are still here.
  control_->tell_admin(EndAdmin{});
  while (!control_->has_admin_ended()) loop_->run_turn();
  admin_->join();
  for (ShardThread& own : shards_) {
    own.shard.reset();
    own.store.reset();
  }
  events_.stored->stop();
  doors_.bypass.stop_watching();
  while (loop_->ops_in_flight() > 0) loop_->run_turn();
  log_.write(LogLevel::info, LogCategory::general, "broker stopped", {});
  events_.watchdog.reset();
  events_.signals.reset();
  admin_.reset();
  control_.reset();
  return 0;
}

void Node::on_signal(int signal) {
  if (signal == SIGHUP) return control_->tell_admin(ReadConfigAgain{});
  begin_stop(signal == SIGINT ? "SIGINT" : "SIGTERM");
}

void Node::begin_stop(std::string_view why) {
  if (!control_->is_running()) return;
  service_.stopping("stopping: clients are told, journals are closed");
  log_.write(LogLevel::info, LogCategory::general, "stopping", {{"why", why}});
  events_.signals->stop();
  control_->stop();
}

std::uint64_t Node::connection_count() const {
  std::uint64_t sum = 0;
  for (const ShardThread& own : shards_) sum += own.shard->connection_count();
  return sum;
}

/// Each shard has its part. Any thread.
void Node::set_paging(std::uint64_t size) {
  for (ShardThread& own : shards_) own.shard->set_memory_pressure_threshold(size / shards_.size());
}

NodeLimits Node::limits() const {
  return node_limits(config_, read_available_memory(), shards_.size());
}

MemoryParts Node::memory_parts() const {
  MemoryParts sum{};
  for (const ShardThread& own : shards_) {
    const MemoryParts parts = own.shard->memory_parts();
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += parts[i];
  }
  return sum;
}

std::uint64_t Node::memory_bytes() const { return total_of(memory_parts()); }

}  // namespace lepus::server
