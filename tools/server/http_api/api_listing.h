// Lists of many rows: chosen by name, put in order, cut into pages, and written piece by piece.
//
//   collecting: the key of each row      so many rows a turn; a row's JSON is not written for it
//   sorting:    the rows of the page, or all of them
//   writing:    so many rows a turn, while the connection takes them
//
// A kind of rows is a class with
//
//   using Id = ...;                        small; stays good while the row may go
//   const Row* find(const Id&) const;      good for a turn; null: it went, and is left out
//   std::string_view name(const Row&) const;
//   std::string_view vhost(const Row&) const;  of rows that are of none: ""
//   std::optional<SortKey> key(const Row&, std::string_view column) const;
//                                          nothing: the column is looked for in the row's JSON
//   void write(const Row&, JsonWriter&) const;     an object
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/server/http_api/api_call.h"
#include "tools/server/http_api/api_paging.h"
#include "tools/server/http_api/api_settings.h"

namespace lepus::server {

template <class Kind>
class ApiListing final : public ApiTask {
 public:
  using Id = typename Kind::Id;
  using KindRow = typename Kind::Row;

  /// `paging` has no fault. `ids`: of all rows the user may see.
  ApiListing(ApiCall& call, std::unique_ptr<ApiPaging> paging, Kind kind, std::vector<Id> ids)
      : call_(call), paging_(std::move(paging)), kind_(std::move(kind)), ids_(std::move(ids)) {
    columns_ = call_.query().find("columns") == nullptr ? ApiColumns{}
                                                        : ApiColumns{call_.query().get("columns")};
    for (const std::string& column : paging_->sort_columns()) places_.push_back(place_of(column));
    rows_.reserve(ids_.size());
  }

  bool has_work() const override { return phase_ != Phase::writing || call_.exchange().has_room(); }
  void work() override {
    switch (phase_) {
      case Phase::collecting:
        return collect();
      case Phase::sorting:
        return sort();
      case Phase::writing:
        return write();
    }
  }

 private:
  enum class Phase : std::uint8_t { collecting, sorting, writing };
  /// A row in order: keys of text are elsewhere, so that ordering by a number moves little.
  struct Row {
    double number = 0;
    SortKey::Kind kind = SortKey::Kind::number;
    std::uint32_t index = 0;  ///< Into ids_.
  };

  void collect() {
    const std::size_t end = std::min(ids_.size(), next_ + api_rows_per_turn);
    for (; next_ < end; ++next_) {
      const Id& id = ids_[next_];
      const KindRow* found = kind_.find(id);
      if (found == nullptr) continue;
      ++total_;
      if (!paging_->accepts(kind_.name(*found))) continue;
      Row row{.index = static_cast<std::uint32_t>(next_)};
      if (has_own_key()) keep_key(key_of(*found, paging_->sort_columns().front()), row);
      rows_.push_back(row);
    }
    if (next_ == ids_.size()) phase_ = Phase::sorting;
  }
  /// Names are looked at in their place when rows are put in order.
  enum class Place : std::uint8_t { name, vhost, json };
  static Place place_of(std::string_view column) {
    return column == "name" ? Place::name : column == "vhost" ? Place::vhost : Place::json;
  }
  bool has_own_key() const { return !places_.empty() && places_.front() == Place::json; }
  void keep_key(SortKey key, Row& row) {
    row.number = key.number;
    row.kind = key.kind;
    if (key.kind != SortKey::Kind::text) return;
    texts_.resize(ids_.size());
    texts_[row.index] = std::move(key.text);
  }
  SortKey key_of(const KindRow& row, std::string_view column) const {
    if (std::optional<SortKey> key = kind_.key(row, column)) return *std::move(key);
    JsonWriter json;
    kind_.write(row, json);
    return key_in_json(json.take(), column);
  }

  bool comes_first(const Row& left, const Row& right) const {
    if (left.kind != right.kind) return left.kind < right.kind;
    if (left.number != right.number) return left.number < right.number;
    if (left.kind == SortKey::Kind::text)
      if (const int order = texts_[left.index].compare(texts_[right.index]); order != 0)
        return order < 0;
    for (std::size_t i = has_own_key() ? 1 : 0; i < places_.size(); ++i) {
      const int order = compare(left, right, i);
      if (order != 0) return order < 0;
    }
    return false;
  }
  int compare(const Row& left, const Row& right, std::size_t column) const {
    const Names& names = names_[left.index];
    const Names& others = names_[right.index];
    if (places_[column] == Place::name) return names.name.compare(others.name);
    if (places_[column] == Place::vhost) return names.vhost.compare(others.vhost);
    const std::string& title = paging_->sort_columns()[column];
    const SortKey left_key = key_of(*kind_.find(ids_[left.index]), title);
    const SortKey right_key = key_of(*kind_.find(ids_[right.index]), title);
    return left_key < right_key ? -1 : right_key < left_key ? 1 : 0;
  }
  /// Rows that are gone are left out. The names are good for this turn, in which no row goes.
  void look_up_names() {
    names_.resize(ids_.size());
    std::erase_if(rows_, [this](const Row& row) {
      const KindRow* found = kind_.find(ids_[row.index]);
      if (found == nullptr) return true;
      names_[row.index] = {kind_.vhost(*found), kind_.name(*found)};
      return false;
    });
  }

  void sort() {
    look_up_names();
    const ApiPaging::Range range = paging_->range(rows_.size());
    if (!range.fault.error.empty()) return call_.refuse(400, range.fault.error, range.fault.reason);
    const auto first = rows_.begin() + static_cast<std::ptrdiff_t>(range.first);
    const auto last = first + static_cast<std::ptrdiff_t>(range.count);
    if (!paging_->sort_columns().empty()) order(first, last);
    names_ = {};
    filtered_ = rows_.size();
    rows_ = std::vector<Row>(first, last);
    next_ = 0;
    begin_answer();
  }
  using RowIterator = typename std::vector<Row>::iterator;
  /// Only the rows of the page have to be in order, behind all that come before them.
  void order(RowIterator first, RowIterator last) {
    const bool is_reversed = paging_->is_reversed();
    const auto before = [&](const Row& left, const Row& right) {
      return is_reversed ? comes_first(right, left) : comes_first(left, right);
    };
    if (first != rows_.begin() && first != rows_.end())
      std::nth_element(rows_.begin(), first, rows_.end(), before);
    if (last != rows_.end() && last != first) std::nth_element(first, last, rows_.end(), before);
    std::sort(first, last, before);
  }

  void begin_answer() {
    phase_ = Phase::writing;
    call_.begin(200);
    if (!paging_->has_page()) return call_.exchange().write("[");
    JsonWriter json;
    json.begin_object();
    paging_->write_fields({total_, filtered_, rows_.size()}, json);
    json.key("items");
    json.begin_array();
    call_.exchange().write(json.take());
  }
  void write() {
    JsonWriter json = JsonWriter::continuing(has_written_);
    const std::size_t end = std::min(rows_.size(), next_ + api_written_per_turn);
    for (; next_ < end; ++next_) {
      const KindRow* found = kind_.find(ids_[rows_[next_].index]);
      if (found == nullptr) continue;
      has_written_ = true;
      write_row(*found, json);
    }
    if (json.size() > 0) call_.exchange().write(json.take());
    if (next_ < rows_.size()) return;
    call_.exchange().write(paging_->has_page() ? "]}" : "]");
    call_.end();
  }
  void write_row(const KindRow& row, JsonWriter& json) const {
    if (columns_.is_all()) return kind_.write(row, json);
    JsonWriter whole;
    kind_.write(row, whole);
    json.raw(columns_.cut(whole.take()));
  }

  ApiCall& call_;
  std::unique_ptr<ApiPaging> paging_;
  Kind kind_;
  std::vector<Id> ids_;
  ApiColumns columns_;
  std::vector<Place> places_;  ///< Of the columns that rows are ordered by.
  Phase phase_ = Phase::collecting;
  std::size_t next_ = 0;  ///< Of ids_, then of rows_.
  std::vector<Row> rows_;
  struct Names {
    std::string_view vhost;
    std::string_view name;
  };
  std::vector<Names> names_;        ///< By index, while rows are put in order.
  std::vector<std::string> texts_;  ///< By index, of keys that are texts; empty: none is.
  std::uint64_t total_ = 0;
  std::uint64_t filtered_ = 0;
  bool has_written_ = false;
};

/// Answers the call with a list, by RabbitMQ's rules for its query.
template <class Kind>
void reply_list(ApiCall& call, Kind kind, std::vector<typename Kind::Id> ids,
                std::vector<std::string> default_sort) {
  auto paging = std::make_unique<ApiPaging>(call.query(), std::move(default_sort));
  if (!paging->fault().error.empty())
    return call.refuse(400, paging->fault().error, paging->fault().reason);
  call.run(
      std::make_unique<ApiListing<Kind>>(call, std::move(paging), std::move(kind), std::move(ids)));
}

}  // namespace lepus::server
