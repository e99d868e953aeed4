// What the listings have in common: chosen columns, and rows in pieces of a turn.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/limits.h"
#include "tools/server/admin/admin_operation.h"

namespace lepus::server {

/// What all listings have in common: their columns, and rows in pieces.
template <class Row>
class Listing : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;

  void start() final {
    if (!choose_columns()) return;
    collect();
  }
  void work() final {
    JsonWriter json;
    json.begin_array();
    for (std::size_t left = core::limits::stats_rows_max; left > 0 && has_rows(); --left)
      write_next(json);
    json.end_array();
    sink().on_rows(json.take());
    end_if_complete();
  }
  bool has_work() const final { return has_rows(); }

 protected:
  /// Takes a snapshot, asks the shards; or fail().
  virtual void collect() = 0;
  virtual bool has_rows() const = 0;
  virtual void write_next(JsonWriter& json) = 0;

  void expect_parts(std::size_t count) { parts_due_ += count; }
  void note_part(const core::StatsPage& part) {
    CHECK(parts_due_ > 0);
    if (part.last) --parts_due_;
    end_if_complete();
  }
  void end_if_complete() {
    if (parts_due_ == 0 && !has_rows()) done(fmt::format("{{\"count\":{}}}", count_));
  }
  void write(const Row& row, JsonWriter& json) {
    ++count_;
    json.begin_array();
    for (const Column<Row>* column : columns_) column->write(row, json);
    json.end_array();
  }

 private:
  bool choose_columns() {
    for (const Column<Row>& column : columns_of<Row>())
      if (request().columns.empty() && column.is_preset) columns_.push_back(&column);
    for (const std::string& name : request().columns) {
      const Column<Row>* found = nullptr;
      for (const Column<Row>& column : columns_of<Row>())
        if (column.name == name) found = &column;
      if (found == nullptr) {
        fail(AdminFault::usage, fmt::format("Info key(s) {} are not supported", name));
        return false;
      }
      columns_.push_back(found);
    }
    return true;
  }

  std::vector<const Column<Row>*> columns_;
  std::size_t parts_due_ = 0;
  std::uint64_t count_ = 0;
};

/// Rows that are made at once and written in pieces.
template <class Row>
class SnapshotListing : public Listing<Row> {
 public:
  using Listing<Row>::Listing;

 protected:
  void add(Row row) { rows_.push_back(std::move(row)); }

 private:
  bool has_rows() const override { return !rows_.empty(); }
  void write_next(JsonWriter& json) override {
    this->write(rows_.front(), json);
    rows_.pop_front();
  }

  std::deque<Row> rows_;
};

}  // namespace lepus::server
