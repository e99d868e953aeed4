// What the tests of the catalog share: a directory of its own, a topology whose changes go into the
// catalog, and a text that says everything about what of a topology outlives a restart.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/topology/topology.h"
#include "core/topology/topology_rules.h"
#include "persist/catalog/catalog.h"

namespace lepus::persist::test {

using core::TopologyRequest;
using Kind = core::TopologyRequest::Kind;

inline std::string describe(const core::BindingList& bindings) {
  std::string text;
  bindings.for_each([&](const core::Binding& binding) {
    const bool is_durable =
        binding.source->durable &&
        (binding.queue == nullptr ? binding.exchange->durable : binding.queue->durable);
    if (!is_durable) return;
    const std::uint64_t target =
        binding.queue == nullptr ? binding.exchange->id.value : binding.queue->id.value;
    text += fmt::format("  {} -> {} {} key '{}' arguments '{}'\n", binding.source->id.value,
                        binding.queue == nullptr ? "exchange" : "queue", target, binding.key,
                        binding.arguments);
  });
  return text;
}

/// Everything of it that is durable, in order.
inline std::string describe(const core::Topology& topology) {
  std::string text;
  for (const core::VhostInfo* vhost : topology.vhosts()) {
    text += fmt::format("vhost {} '{}'\n", vhost->id.value, vhost->name);
    for (const core::ExchangeInfo* one : topology.exchanges(vhost->id)) {
      if (!one->durable) continue;
      text += fmt::format("exchange {} '{}' {} auto {} internal {} alternate {} '{}' '{}'\n",
                          one->id.value, one->name, core::exchange_type_name(one->type),
                          one->auto_delete, one->internal, one->has_alternate, one->alternate,
                          one->arguments);
      text += describe(one->bindings_out) + describe(one->bindings_in);
    }
    for (const core::QueueInfo* one : topology.queues(vhost->id)) {
      if (!one->durable) continue;
      text += fmt::format("queue {} '{}' home {} auto {} '{}' ttl {} dead '{}' priorities {}\n",
                          one->id.value, one->name, one->home, one->auto_delete, one->arguments,
                          one->parsed->message_ttl_ms.value_or(0),
                          one->parsed->dead_letter_exchange.value_or("-"),
                          one->parsed->max_priority.value_or(0));
      text += describe(one->bindings);
    }
  }
  return text;
}

class CatalogTest : public ::testing::Test {
 protected:
  static constexpr core::ShardId shard_count = 4;

  CatalogTest() {
    std::string base = testing::TempDir() + "lepus-catalog-XXXXXX";
    EXPECT_NE(mkdtemp(base.data()), nullptr);
    directory_ = base;
    path_ = directory_ + "/catalog.sqlite";
  }
  ~CatalogTest() override {
    catalog_.reset();
    std::filesystem::remove_all(directory_);
  }

  /// Opens the file (anew) and brings a fresh master up from it.
  void restart() {
    catalog_.reset();
    catalog_ = std::make_unique<Catalog>();
    ASSERT_EQ(catalog_->open({path_, 4711}), "");
    core::StoredDefinitions stored;
    ASSERT_EQ(catalog_->load(stored), "");
    master_ = std::make_unique<core::Topology>(shard_count);
    for (const core::TopologyChange& change : stored.changes) master_->apply(change);
    ids_ = core::IdSource{stored.last_id};
  }
  void commit() {
    if (catalog_->has_changes()) {
      EXPECT_EQ(catalog_->commit(), "");
    }
    EXPECT_FALSE(catalog_->has_changes());
  }
  /// The error of opening or loading the file as it is.
  std::string trouble() {
    catalog_.reset();
    Catalog catalog;
    std::string error = catalog.open({path_, 1});
    core::StoredDefinitions stored;
    return error.empty() ? catalog.load(stored) : error;
  }

  core::Decision run(const TopologyRequest& request) {
    core::Decision decision = core::decide(*master_, request, &ids_);
    for (const core::TopologyChange& change : decision.changes) {
      master_->apply(change);
      catalog_->record(change);
    }
    return decision;
  }
  void must(const TopologyRequest& request) {
    const core::Decision decision = run(request);
    EXPECT_EQ(decision.kind, core::Decision::Kind::changes)
        << request.name << ": " << decision.error.detail;
  }
  void add_vhost(std::string_view name) {
    TopologyRequest request;
    request.kind = Kind::add_vhost;
    request.name = name;
    must(request);
  }
  TopologyRequest request(Kind kind, std::string_view name) const {
    TopologyRequest made;
    made.kind = kind;
    made.vhost = master_->find_vhost("/")->id;
    made.connection = core::ConnectionId{11};
    made.from = 1;
    made.name = name;
    made.durable = true;
    return made;
  }
  TopologyRequest exchange(std::string_view name, std::string_view type) const {
    TopologyRequest made = request(Kind::declare_exchange, name);
    made.type = type;
    return made;
  }
  TopologyRequest queue(std::string_view name) const { return request(Kind::declare_queue, name); }
  TopologyRequest bind(std::string_view source, std::string_view target,
                       std::string_view key) const {
    TopologyRequest made = request(Kind::bind_queue, target);
    made.source = source;
    made.key = key;
    return made;
  }
  const core::QueueInfo* find_queue(std::string_view name) const {
    return master_->find_queue(master_->find_vhost("/")->id, name);
  }
  TopologyRequest delete_queue(std::string_view name) const {
    TopologyRequest made = request(Kind::delete_queue, {});
    made.queue = find_queue(name)->id;
    return made;
  }

  /// As a person does it who opens the file: statements of another connection.
  std::string edit(const char* statements) {
    Database other;
    std::string error = other.open(path_);
    return error.empty() ? other.run(statements) : error;
  }

  std::string directory_;
  std::string path_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<core::Topology> master_;
  core::IdSource ids_;
};

}  // namespace lepus::persist::test
