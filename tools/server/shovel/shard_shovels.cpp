// See shard_shovels.h.
#include "tools/server/shovel/shard_shovels.h"

#include <algorithm>
#include <utility>

namespace lepus::server {

ShardShovels::ShardShovels(core::Broker& broker, io::Loop& loop, core::Log& log)
    : broker_(broker),
      loop_(loop),
      log_(log),
      streams_(loop),
      tls_(loop, touched_, {}),
      place_{broker, streams_, tls_, *this, 0} {
  timer_.bind<&ShardShovels::on_timer>(this);
}

ShardShovels::~ShardShovels() { loop_.timers().cancel(timer_); }

Shovel::Now ShardShovels::now() const {
  const core::Nanos wall = loop_.now() + loop_.wall_offset();
  return {loop_.now(), static_cast<std::uint64_t>(wall / core::nanos_per_s)};
}

ShardShovels::Report ShardShovels::take(std::unique_ptr<ShovelOrder> order,
                                        const core::PublishSettings& settings, bool may_start) {
  CHECK(order != nullptr);
  if (!may_start || shovels_.size() >= core::limits::shovels_max) {
    auto refused = std::make_unique<ShovelReportRow>();
    refused->number = order->number;
    refused->ended = ShovelReportRow::Ended::failed;
    refused->why = may_start ? "too many shovels run" : "the broker lets no clients in now";
    return refused;
  }
  place_.message_size_max = settings.message_size_max;
  shovels_.push_back(std::make_unique<Shovel>(std::move(order), place_, settings));
  shovels_.back()->start();
  return nullptr;
}

void ShardShovels::stop(std::uint32_t number) {
  for (const auto& shovel : shovels_)
    if (shovel->number() == number) shovel->stop();
}

void ShardShovels::stop_all() {
  for (const auto& shovel : shovels_) shovel->stop();
}

bool ShardShovels::poll() {
  if (!tls_.has_work()) return false;
  tls_.handshakes().work();
  return true;
}

void ShardShovels::work() {
  const Shovel::Now at = now();
  for (const auto& shovel : shovels_) shovel->work(at);
}

std::vector<ShardShovels::Report> ShardShovels::collect() {
  std::vector<Report> reports;
  for (const auto& shovel : shovels_) {
    shovel->collect();
    if (auto report = shovel->take_report(loop_.now())) reports.push_back(std::move(report));
  }
  std::erase_if(shovels_, [](const auto& shovel) { return shovel->is_ended(); });
  return reports;
}

void ShardShovels::flush() {
  touched_.flush();
  streams_.flush();
  if (shovels_.empty()) return;
  core::Nanos next = core::never;
  for (const auto& shovel : shovels_) next = std::min(next, shovel->next_deadline(loop_.now()));
  loop_.timers().arm(timer_, next);
}

bool ShardShovels::has_work() const {
  if (!touched_.empty() || tls_.has_work()) return true;
  return std::any_of(shovels_.begin(), shovels_.end(),
                     [this](const auto& shovel) { return shovel->has_work(loop_.now()); });
}

/// The run's report has the reason, too.
void ShardShovels::on_handshake_failed(const io::PeerName& peer, const net::ListenerIdentity&,
                                       std::string_view why) {
  log_.write(core::LogLevel::warning, core::LogCategory::connection,
             "TLS handshake of a shovel failed", {{"peer", peer.text()}, {"reason", why}});
}

}  // namespace lepus::server
