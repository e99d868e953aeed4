// The window's few operations; all keep the entries sorted by tag.
#include "core/session/unacked.h"

#include <algorithm>
#include <utility>

namespace lepus::core {

namespace {

using Entry = UnackedWindow::Entry;
using Entries = UnackedWindow::Entries;

bool waits_for(const Entry& entry, const UnackedWindow::ConsumerKey& taker) {
  return !entry.settled && !entry.returned && entry.home == taker.home &&
         entry.consumer == taker.consumer;
}

bool is_older(const Entry& left, const Entry& right) { return left.tag < right.tag; }

/// Clients nearly always settle in order.
void sort_by_tag(Entries& entries) {
  bool is_sorted = true;
  for (std::size_t i = 1; is_sorted && i < entries.size(); ++i)
    is_sorted = is_older(entries[i - 1], entries[i]);
  if (is_sorted) return;
  std::vector<Entry> sorted;
  sorted.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) sorted.push_back(entries[i]);
  std::sort(sorted.begin(), sorted.end(), is_older);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = sorted[i];
}

}  // namespace

void UnackedWindow::add(const Entry& entry) {
  Entries& newest = merge_ && !merge_->merged.empty() ? merge_->merged : entries_;
  CHECK(newest.empty() || newest.back().tag < entry.tag);
  CHECK(!entry.settled);
  newest.push_back(entry);
  if (entry.returned) return;
  ++live_count_;
  if (entry.limited) limited_.add(entry);
}

// --- By tag

std::optional<std::size_t> UnackedWindow::find(const Entries& entries, std::uint64_t tag) {
  if (entries.empty()) return std::nullopt;
  const std::uint64_t first_tag = entries.front().tag;
  if (tag < first_tag) return std::nullopt;
  std::size_t index =
      static_cast<std::size_t>(std::min<std::uint64_t>(tag - first_tag, entries.size() - 1));
  const Entry* found = &entries[index];
  if (found->tag != tag) {
    std::size_t low = 0;
    std::size_t high =
        index;  // Tags grow by at least one per entry: never further back than the distance.
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (entries[middle].tag < tag) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    index = low;
    found = &entries[index];
  }
  if (found->tag != tag || found->settled) return std::nullopt;
  return index;
}

std::optional<std::size_t> UnackedWindow::count_up_to(std::uint64_t tag) const {
  const bool is_newer = is_merged(tag);
  const std::optional<std::size_t> index = find(is_newer ? merge_->merged : entries_, tag);
  if (!index) return std::nullopt;
  return *index + 1 + (is_newer ? entries_.size() : 0);
}

std::optional<UnackedWindow::Entry> UnackedWindow::take(std::uint64_t tag) {
  Entries& entries = is_merged(tag) ? merge_->merged : entries_;
  const std::optional<std::size_t> index = find(entries, tag);
  if (!index) return std::nullopt;
  Entry& entry = entries[*index];
  const Entry taken = entry;
  note_taken(taken);
  if (*index == 0 && &entries == &oldest()) {
    entries.drop_front();
  } else {
    entry.settled = true;
    ++hole_count_;
  }
  if (hole_count_ > 0 || merge_) tidy();
  return taken;
}

/// Nothing is taken of a hole.
bool UnackedWindow::take_up_to(std::uint64_t tag, std::size_t& budget, std::vector<Entry>& out) {
  if (is_putting_back() && put_back_piece(budget)) return true;
  for (;; --budget) {
    Entries& from = oldest();
    if (from.empty() || from.front().tag > tag) break;
    if (budget == 0) return true;
    const Entry& entry = from.front();
    if (entry.settled) {
      --hole_count_;
    } else {
      note_taken(entry);
      out.push_back(entry);
    }
    from.drop_front();
  }
  if (hole_count_ > 0 || merge_) tidy();
  return false;
}

void UnackedWindow::note_taken(const Entry& entry) {
  if (entry.returned) return;
  CHECK(live_count_ > 0);
  --live_count_;
  if (entry.limited) limited_.remove(entry);
}

/// Holes at the front go, and those between when they are the most: a few with each call.
void UnackedWindow::tidy() {
  CHECK(!is_putting_back());
  for (std::size_t left = limits::unacked_holes_per_step; left > 0; --left) {
    Entries& from = oldest();
    if (from.empty() || !from.front().settled) break;
    from.drop_front();
    --hole_count_;
  }
  if (hole_count_ == count_all()) {
    if (hole_count_ > 0) entries_.reset();
    merge_.reset();
    hole_count_ = 0;
    return;
  }
  std::size_t budget = limits::unacked_holes_per_step;
  if (merge_) {
    (void)put_back_piece(budget);
  } else if (hole_count_ >= limits::unacked_holes_min && hole_count_ > entries_.size() / 2) {
    begin_merge(Lists{Entries{}, Entries{}, Entries{}});
  }
}

// --- Of a consumer, or all

bool UnackedWindow::has_below(std::uint64_t tag, const ConsumerKey& taker) const {
  if (is_putting_back()) return false;
  const auto has = [&](const Entries& entries) {
    for (std::size_t i = 0; i < entries.size() && entries[i].tag < tag; ++i)
      if (entries[i].tag > claimed_tag_ && waits_for(entries[i], taker)) return true;
    return false;
  };
  return has(entries_) || (merge_ && has(merge_->merged));
}

void UnackedWindow::give_back(const ConsumerKey& taker, std::vector<Entry>& out) {
  CHECK(!is_putting_back());
  const auto give_back_of = [&](Entries& entries) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      Entry& entry = entries[i];
      if (entry.tag <= claimed_tag_ || !waits_for(entry, taker)) continue;
      out.push_back(entry);
      note_taken(entry);
      entry.returned = true;
    }
  };
  give_back_of(entries_);
  if (merge_) give_back_of(merge_->merged);
}

void UnackedWindow::limit_all() {
  CHECK(!is_putting_back());
  const auto limit_all_of = [this](Entries& entries) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      Entry& entry = entries[i];
      if (entry.settled || entry.returned || entry.limited) continue;
      entry.limited = true;
      limited_.add(entry);
    }
  };
  limit_all_of(entries_);
  if (merge_) limit_all_of(merge_->merged);
}

// --- What is put back

void UnackedWindow::begin_put_back(Lists entries) {
  CHECK(!is_putting_back());
  bool is_any = false;
  for (Entries& list : entries) {
    sort_by_tag(list);
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list[i].returned) continue;
      ++live_count_;
      if (list[i].limited) limited_.add(list[i]);
    }
    is_any = is_any || !list.empty();
  }
  if (is_any) begin_merge(std::move(entries));
}

bool UnackedWindow::is_putting_back() const {
  return merge_ && std::any_of(merge_->lists.begin(), merge_->lists.end(),
                               [](const Entries& list) { return !list.empty(); });
}

void UnackedWindow::begin_merge(Lists lists) {
  Entries before = merge_ ? std::move(merge_->merged) : Entries{account_};
  merge_ = std::make_unique<Merge>(
      Merge{{std::move(lists[0]), std::move(lists[1]), std::move(lists[2]), std::move(before)},
            Entries{account_}});
}

bool UnackedWindow::put_back_piece(std::size_t& budget) {
  for (; merge_ && budget > 0; --budget)
    if (!merge_newest()) return false;
  return merge_ != nullptr;
}

/// Returns false if there was none left: all is here again.
bool UnackedWindow::merge_newest() {
  Entries* newest = entries_.empty() ? nullptr : &entries_;
  for (Entries& list : merge_->lists)
    if (!list.empty() && (newest == nullptr || newest->back().tag < list.back().tag))
      newest = &list;
  if (newest == nullptr) {
    entries_ = std::move(merge_->merged);
    merge_.reset();
    return false;
  }
  const Entry entry = newest->back();
  newest->pop_back();
  if (entry.settled) {
    --hole_count_;
  } else {
    merge_->merged.push_front(entry);
  }
  return true;
}

}  // namespace lepus::core
