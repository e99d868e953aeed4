// The verb backup: a consistent copy of the running broker.
//
//   freeze all shards -> their journals' snapshots -> thaw -> a thread copies -> end -> answers
//
// The catalog is copied after that moment, so it has each queue that has a message in the backup.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/limits/backup.h"
#include "io/kernel_disk.h"
#include "persist/backup/empty_directory.h"
#include "tools/server/admin/admin_operation.h"
#include "tools/server/admin/json_writer.h"
#include "tools/server/backup/backup_job.h"
#include "tools/server/backup/backup_order.h"
#include "tools/server/config/config.h"
#include "tools/server/config/config_value.h"
#include "tools/server/definitions/definitions_store.h"

namespace lepus::server {

namespace {

using Step = BackupOrder::Step;

/// backup DIR [only_bytes] [rate=SIZE]
class Backup final : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  /// Who asked may have gone: the job ends before the files may be used again.
  ~Backup() override {
    if (job_ != nullptr) job_->finish();
    if (has_orders_ && !is_finished()) order_all(Step::end);
  }
  void start() override;
  void on_backup_report(BackupReport& report) override;
  bool has_work() const override;
  void work() override;
  core::Nanos next_look() const override { return is_copying() ? next_look_ : core::never; }

 private:
  std::string read_request();
  void order_all(Step step);
  void begin_job();
  void on_ended();
  /// Files may be in use.
  bool is_copying() const { return job_ != nullptr && has_orders_ && !is_finished(); }
  void report_progress();
  std::string result_json() const;

  BackupPlan plan_;
  std::unique_ptr<BackupJob> job_;
  std::string failure_;       ///< Of a shard, when the job is to end for it.
  bool has_orders_ = false;   ///< Shards were told to freeze, and not yet that it is over.
  std::size_t ends_due_ = 0;  ///< Answers to that, when the copy is good.
  core::Nanos frozen_at_ = 0;
  core::Nanos frozen_ = 0;  ///< How long.
  core::Nanos next_look_ = 0;
  core::Nanos next_progress_ = 0;
};

/// "" or what is wrong with it.
std::string Backup::read_request() {
  if (request().arguments.size() != 1)
    return "expected a directory, for the backup to be written into";
  plan_.target = request().arguments[0];
  if (!plan_.target.starts_with('/'))
    return fmt::format("'{}' is no absolute path: the broker has another working directory",
                       plan_.target);
  while (plan_.target.size() > 1 && plan_.target.ends_with('/')) plan_.target.pop_back();
  plan_.only_bytes = request().has("only_bytes");
  const auto rate = request().options.find("rate");
  if (rate != request().options.end()) {
    const std::optional<std::uint64_t> size = parse_size(rate->second);
    if (!size || *size == 0)
      return fmt::format("'{}' is no rate: bytes a second, such as 50MB", rate->second);
    plan_.rate = *size;
  }
  plan_.catalog = catalog_path(host().config());
  return {};
}

void Backup::start() {
  if (std::string error = read_request(); !error.empty())
    return fail(AdminFault::usage, std::move(error));
  io::KernelDisk disk;
  if (std::string error = persist::check_is_empty(disk, plan_.target); !error.empty())
    return fail(AdminFault::invalid, std::move(error));
  frozen_at_ = broker().now();
  has_orders_ = true;
  order_all(Step::freeze);
}

void Backup::order_all(Step step) {
  for (core::ShardId shard = 0; shard < broker().shard_count(); ++shard) {
    BackupOrder order{number(), step};
    if (step == Step::end && job_ != nullptr && job_->is_finished() &&
        shard < job_->result().tallies.size())
      order.linked =
          std::make_unique<std::vector<std::uint32_t>>(job_->result().tallies[shard].linked);
    broker().send(shard, std::move(order));
  }
  if (step == Step::end) has_orders_ = false;
}

/// One that is lost ends the job; its files go then, and with the last shard's the request.
void Backup::on_backup_report(BackupReport& report) {
  if (report.state == BackupReport::State::ready) {
    plan_.list.journals.push_back(std::move(*report.snapshot));
    if (failure_.empty() && plan_.list.journals.size() == broker().shard_count()) begin_job();
    return;
  }
  if (report.reason != nullptr && failure_.empty()) {
    failure_ = fmt::format("shard {}: {}", report.shard, *report.reason);
    if (job_ == nullptr) {
      order_all(Step::end);
      return fail(AdminFault::unavailable, failure_);
    }
    job_->stop();
  }
  if (report.state == BackupReport::State::ended && ends_due_ > 0 && --ends_due_ == 0) on_ended();
}

void Backup::begin_job() {
  order_all(Step::thaw);
  frozen_ = broker().now() - frozen_at_;
  std::vector<persist::JournalSnapshot>& journals = plan_.list.journals;
  std::sort(journals.begin(), journals.end(),
            [](const auto& left, const auto& right) { return left.shard < right.shard; });
  plan_.list.store = journals.front().store;
  plan_.list.created_ms = static_cast<std::uint64_t>(broker().wall_now() / core::nanos_per_ms);
  plan_.list.version = LEPUS_VERSION;
  job_ = std::make_unique<BackupJob>(std::move(plan_));
  next_look_ = broker().now() + core::limits::backup_look_interval;
  next_progress_ = broker().now() + core::nanos_per_s;
}

bool Backup::has_work() const {
  return is_copying() && (job_->is_finished() || broker().now() >= next_look_);
}

void Backup::work() {
  if (job_->is_finished()) {
    ends_due_ = broker().shard_count();
    return order_all(Step::end);
  }
  next_look_ = broker().now() + core::limits::backup_look_interval;
  if (broker().now() < next_progress_) return;
  next_progress_ = broker().now() + core::nanos_per_s;
  report_progress();
}

void Backup::report_progress() {
  JsonWriter json;
  json.begin_array();
  json.begin_array();
  json.number(job_->copied_bytes());
  json.number(job_->total_bytes());
  json.end_array();
  json.end_array();
  sink().on_rows(json.take());
}

/// A hold that was lost before its shard was told of the end has made the copy worthless.
void Backup::on_ended() {
  if (!failure_.empty()) {
    job_->discard();
    return fail(AdminFault::unavailable, failure_);
  }
  if (!job_->result().error.empty()) return fail(AdminFault::unavailable, job_->result().error);
  done(result_json());
}

std::string Backup::result_json() const {
  const BackupResult& result = job_->result();
  std::uint64_t segments = 0;
  std::uint64_t copied = 0;
  std::uint64_t linked = 0;
  for (const persist::JournalCopyTally& tally : result.tallies) {
    segments += tally.segments;
    copied += tally.copied_bytes;
    linked += tally.linked.size();
  }
  JsonWriter json;
  json.begin_object();
  json.field("directory", job_->plan().target);
  json.field("bytes", job_->total_bytes());
  json.field("copied_bytes", copied);
  json.field("segments", segments);
  json.field("linked_segments", linked);
  json.field("frozen_ms", static_cast<std::uint64_t>(frozen_ / core::nanos_per_ms));
  json.field("unreadable_bytes", result.unreadable.bytes);
  json.key("warnings");
  json.begin_array();
  for (const std::string& place : result.unreadable.places)
    json.text(
        fmt::format("the disk does not give back 4096 bytes of {}; in the backup they are "
                    "zeros",
                    place));
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace

OperationMaker find_backup_operation(std::string_view verb) {
  return verb == "backup" ? make_operation<Backup> : nullptr;
}

}  // namespace lepus::server
