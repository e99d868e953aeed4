// The batch on this side, the store on the other. See store_writer.h.
#include "tools/server/topology/store_writer.h"

#include <utility>

#include "core/base/assert.h"
#include "io/heap.h"
#include "io/os.h"

namespace lepus::server {

StoreWriter::StoreWriter(core::DefinitionStore* store) : store_(store) {
  if (store != nullptr) reserved_id_ = store->reserved_id();
}

StoreWriter::~StoreWriter() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock{mutex_};
    is_ending_ = true;
  }
  has_news_.notify_one();
  thread_.join();
}

void StoreWriter::load(const core::StoredDefinitions& stored) {
  CHECK(batch_.empty());
  for (const core::TopologyChange& change : stored.changes) (void)filter_.admit(change);
}

void StoreWriter::start_thread(std::function<void()> on_outcome) {
  CHECK(store_ != nullptr);
  CHECK(!thread_.joinable());
  CHECK(!is_committing_);
  on_outcome_ = std::move(on_outcome);
  thread_ = std::thread([this] { run(); });
}

/// The id of any queue is to be taken for good: what is written of a transient one to save memory
/// names it, too.
void StoreWriter::record(const core::TopologyChange& change) {
  if (store_ == nullptr) return;
  const auto* added = std::get_if<core::QueueAdded>(&change);
  const bool takes_id = added != nullptr && added->queue.id.value > reserved_id_;
  if (filter_.admit(change) || takes_id) batch_.emplace_back(change);
}

void StoreWriter::record(std::function<void()> write) {
  CHECK(store_ != nullptr);
  batch_.emplace_back(std::move(write));
}

void StoreWriter::touch() {
  record([this] { store_->touch(); });
}

void StoreWriter::begin_commit() {
  CHECK(has_changes());
  CHECK(!std::exchange(is_committing_, true));
  post(std::exchange(batch_, {}));
}

std::optional<StoreWriter::Outcome> StoreWriter::take_outcome() {
  CHECK(is_committing_);
  std::optional<Outcome> outcome;
  {
    const std::lock_guard lock{mutex_};
    outcome = std::exchange(outcome_, std::nullopt);
  }
  if (!outcome) return std::nullopt;
  is_committing_ = false;
  has_failed_ = !outcome->error.empty();
  if (!has_failed_) reserved_id_ = outcome->reserved_id;
  return outcome;
}

void StoreWriter::roll_back(const std::vector<core::TopologyChange>& undo) {
  CHECK(!is_committing_);
  batch_.clear();
  for (const core::TopologyChange& change : undo) (void)filter_.admit(change);
  if (std::exchange(has_failed_, false)) post(undo);
}

void StoreWriter::trim_heap() {
  if (store_ != nullptr) post(TrimHeap{});
}

bool StoreWriter::is_idle() {
  const std::lock_guard lock{mutex_};
  return jobs_.empty() && !is_working_;
}

void StoreWriter::post(Job job) {
  if (!thread_.joinable()) return execute(job);
  {
    const std::lock_guard lock{mutex_};
    jobs_.push_back(std::move(job));
  }
  has_news_.notify_one();
}

// --- The store's thread

void StoreWriter::run() {
  io::name_thread("catalog");
  std::unique_lock lock{mutex_};
  for (;;) {
    has_news_.wait(lock, [this] { return is_ending_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    is_working_ = true;
    lock.unlock();
    execute(job);
    lock.lock();
    is_working_ = false;
    on_outcome_();
  }
}

void StoreWriter::execute(Job& job) {
  if (std::holds_alternative<TrimHeap>(job)) return io::trim_heap();
  if (const auto* undo = std::get_if<std::vector<core::TopologyChange>>(&job))
    return store_->roll_back(*undo);
  Outcome outcome = commit(std::get<std::vector<Write>>(job));
  const std::lock_guard lock{mutex_};
  outcome_ = std::move(outcome);
}

StoreWriter::Outcome StoreWriter::commit(std::vector<Write>& batch) {
  for (const Write& write : batch) {
    if (const auto* change = std::get_if<core::TopologyChange>(&write)) {
      store_->record(*change);
    } else {
      std::get<std::function<void()>>(write)();
    }
  }
  Outcome outcome;
  if (store_->has_changes()) outcome.error = store_->commit();
  if (!outcome.error.empty()) outcome.fault = store_->fault();
  outcome.reserved_id = store_->reserved_id();
  return outcome;
}

}  // namespace lepus::server
