// The rows of objects that have told of themselves, found by what they are.
//
// An object that nothing ever happened to has no entry: its row is all zero.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

#include "tools/server/samples/sample_rows.h"

namespace lepus::server {

class SampleTables {
 public:
  template <class Key, class Sample>
  using Table = boost::unordered_flat_map<Key, std::unique_ptr<Sample>>;

  /// Null: its row is all zero, or nobody asked since it is there.
  const QueueSample* find_queue(core::QueueId id) const { return find_in(queues_, id); }
  /// Grows when a queue gets an entry or loses it; else what find_queue() returned stays good.
  std::uint64_t queue_version() const { return queue_version_; }
  /// Of a queue without an entry: since when nothing happens to it, milliseconds since 1970; 0: not
  /// known yet.
  std::uint64_t untouched_since_ms(core::QueueId id) const {
    const auto found = untouched_since_ms_.find(id);
    return found == untouched_since_ms_.end() ? 0 : found->second;
  }
  const ExchangeSample* find_exchange(core::ExchangeId id) const { return find_in(exchanges_, id); }
  const VhostSample* find_vhost(core::VhostId id) const { return find_in(vhosts_, id); }
  const ConnectionSample* find_connection(core::ConnectionId id) const {
    return find_in(connections_, id);
  }
  /// "127.0.0.1:51234 -> 127.0.0.1:5672"; null: none has this name.
  const ConnectionSample* find_connection(std::string_view name) const;
  const ChannelSample* find_channel(const ChannelKey& key) const { return find_in(channels_, key); }
  const Table<core::ConnectionId, ConnectionSample>& connections() const { return connections_; }
  const Table<ChannelKey, ChannelSample>& channels() const { return channels_; }

 protected:
  explicit SampleTables(std::uint64_t queue_version) : queue_version_(queue_version) {}

  template <class Key, class Sample>
  static Sample* find_in(const Table<Key, Sample>& table, const Key& key) {
    const auto found = table.find(key);
    return found == table.end() ? nullptr : found->second.get();
  }

  Table<core::QueueId, QueueSample> queues_;
  std::uint64_t queue_version_;
  boost::unordered_flat_map<core::QueueId, std::uint64_t> untouched_since_ms_;
  Table<core::ExchangeId, ExchangeSample> exchanges_;
  Table<core::VhostId, VhostSample> vhosts_;
  Table<core::ConnectionId, ConnectionSample> connections_;
  Table<ChannelKey, ChannelSample> channels_;
};

}  // namespace lepus::server
