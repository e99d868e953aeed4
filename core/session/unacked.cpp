// The window's few operations; all keep the entries sorted by tag.
#include "core/session/unacked.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"

namespace lepus::core {

namespace {

bool waits_for(const UnackedWindow::Entry& entry, const UnackedWindow::ConsumerKey& taker) {
  return !entry.settled && !entry.returned && entry.home == taker.home &&
         entry.consumer == taker.consumer;
}

}  // namespace

void UnackedWindow::add(const Entry& entry) {
  RingBuffer<Entry>& newest = merge_ && !merge_->merged.empty() ? merge_->merged : entries_;
  CHECK(newest.empty() || newest.back().tag < entry.tag);
  CHECK(!entry.settled);
  newest.push_back(entry);
  if (entry.returned) return;
  ++live_count_;
  if (entry.limited) limited_.add(entry);
}

std::optional<std::size_t> UnackedWindow::find(std::uint64_t tag) const {
  if (entries_.empty() || tag < entries_[0].tag) return std::nullopt;
  const std::uint64_t distance = tag - entries_[0].tag;
  std::size_t index =
      static_cast<std::size_t>(std::min<std::uint64_t>(distance, entries_.size() - 1));
  if (entries_[index].tag != tag) {
    std::size_t low = 0;
    std::size_t high =
        index;  // Tags grow by at least one per entry: never further back than the distance.
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (entries_[middle].tag < tag) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    index = low;
  }
  if (entries_[index].tag != tag || entries_[index].settled) return std::nullopt;
  return index;
}

std::optional<UnackedWindow::Entry> UnackedWindow::take(std::uint64_t tag) {
  const std::optional<std::size_t> index = find(tag);
  if (!index) return std::nullopt;
  Entry& entry = entries_[*index];
  const Entry taken = entry;
  entry.settled = true;
  ++hole_count_;
  note_taken(taken);
  drop_settled_front();
  if (hole_count_ >= limits::unacked_holes_min && hole_count_ > entries_.size() / 2) close_holes();
  return taken;
}

/// Nothing is taken of a hole.
void UnackedWindow::take_front(std::vector<Entry>& out) {
  const Entry entry = entries_.pop_front();
  if (entry.settled) {
    --hole_count_;
    return;
  }
  note_taken(entry);
  out.push_back(entry);
}

void UnackedWindow::take_up_to(std::uint64_t tag, std::vector<Entry>& out) {
  if (entries_.empty() || (tag != 0 && tag < entries_.front().tag)) return;
  const std::uint64_t count_max = tag == 0 ? entries_.size() : tag - entries_.front().tag + 1;
  out.reserve(out.size() + std::min<std::uint64_t>(count_max, entries_.size()));
  while (!entries_.empty() && (tag == 0 || entries_.front().tag <= tag)) take_front(out);
  drop_settled_front();
}

void UnackedWindow::take_oldest(std::size_t& budget, std::vector<Entry>& out) {
  if (merge_ && put_back_piece(budget)) return;
  for (; budget > 0 && !entries_.empty(); --budget) take_front(out);
  drop_settled_front();
}

void UnackedWindow::begin_put_back(Lists entries) {
  CHECK(!merge_);
  std::size_t count = 0;
  const auto is_older = [](const Entry& left, const Entry& right) { return left.tag < right.tag; };
  for (std::vector<Entry>& list : entries) {
    if (!std::is_sorted(list.begin(), list.end(), is_older))
      std::sort(list.begin(), list.end(), is_older);
    for (const Entry& entry : list) {
      if (entry.returned) continue;
      ++live_count_;
      if (entry.limited) limited_.add(entry);
    }
    count += list.size();
  }
  if (count == 0) return;
  merge_ = std::make_unique<Merge>();
  merge_->lists = std::move(entries);
  merge_->merged.reserve(entries_.size() + count);
}

bool UnackedWindow::put_back_piece(std::size_t& budget) {
  for (; merge_ && budget > 0; --budget)
    if (!merge_newest()) return false;
  return merge_ != nullptr;
}

/// Returns false if there was none left: all is here again.
bool UnackedWindow::merge_newest() {
  std::vector<Entry>* newest = nullptr;
  for (std::vector<Entry>& list : merge_->lists) {
    if (list.empty()) continue;
    if (newest == nullptr || newest->back().tag < list.back().tag) newest = &list;
  }
  if (!entries_.empty() && (newest == nullptr || newest->back().tag < entries_.back().tag)) {
    const Entry entry = entries_.back();
    entries_.pop_back();
    if (entry.settled) {
      --hole_count_;
    } else {
      merge_->merged.push_front(entry);
    }
    return true;
  }
  if (newest != nullptr) {
    merge_->merged.push_front(newest->back());
    newest->pop_back();
    return true;
  }
  entries_ = std::move(merge_->merged);
  merge_.reset();
  return false;
}

bool UnackedWindow::has_below(std::uint64_t tag, const ConsumerKey& taker) const {
  if (merge_) return false;
  for (std::size_t i = 0; i < entries_.size() && entries_[i].tag < tag; ++i)
    if (waits_for(entries_[i], taker)) return true;
  return false;
}

void UnackedWindow::give_back(const ConsumerKey& taker, std::vector<Entry>& out) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    if (!waits_for(entry, taker)) continue;
    out.push_back(entry);
    note_taken(entry);
    entry.returned = true;
  }
}

void UnackedWindow::limit_all() {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    if (entry.settled || entry.returned || entry.limited) continue;
    entry.limited = true;
    limited_.add(entry);
  }
}

void UnackedWindow::note_taken(const Entry& entry) {
  if (entry.returned) return;
  CHECK(live_count_ > 0);
  --live_count_;
  if (entry.limited) limited_.remove(entry);
}

void UnackedWindow::drop_settled_front() {
  for (; !entries_.empty() && entries_.front().settled; --hole_count_) (void)entries_.pop_front();
  if (entries_.empty() && entries_.capacity() > 1024) entries_.reset();
}

/// Tags still grow by at least one per entry.
void UnackedWindow::close_holes() {
  RingBuffer<Entry> all = std::exchange(entries_, {});
  while (!all.empty()) {
    const Entry entry = all.pop_front();
    if (!entry.settled) entries_.push_back(entry);
  }
  hole_count_ = 0;
}

}  // namespace lepus::core
