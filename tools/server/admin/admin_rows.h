// The columns of the operator's listings: what a row is made of, how each cell is written, and the
// names that lepusctl knows. RabbitMQ's names and order; a new column is one more line in
// admin_rows.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/message_request.h"
#include "core/broker/stats.h"
#include "core/topology/topology.h"
#include "tools/server/admin/json_writer.h"

namespace lepus::server {

struct QueueRow {
  const core::QueueInfo& info;
  const core::VhostInfo& vhost;
  const core::QueueStats& stats;
  const std::string& node;
};
struct ExchangeRow {
  const core::ExchangeInfo& info;
  std::uint64_t held;  ///< Messages in its store.
};
/// By value: a binding may be gone before its row is written. The implicit one of each queue has an
/// empty source.
struct BindingRow {
  std::string source, destination;
  bool to_queue = true;
  std::string key;
  std::string arguments;  ///< Inside of a field table.
};
struct ConsumerRow {
  const core::ConsumerStats& stats;
  const core::QueueInfo& queue;
  const std::string& node;
};
struct ConnectionRow {
  const core::ConnectionStats& stats;
  const std::string& node;
};
struct ChannelRow {
  const core::ChannelStats& stats;
  const std::string& node;
};
struct UnreadableRow {
  const core::UnreadableStats& stats;
  const core::QueueInfo& queue;
};
struct ThreadRow {
  core::ThreadStats stats;
  core::ShardId shard_count;  ///< Behind the shards come the control and the admin thread.
};
struct MessageRow {
  const core::ShownMessage& message;
  bool is_base64;  ///< Also a body that is text.

  bool has_text() const;
};
struct VhostRow {
  std::string name;
  core::VhostSettings settings;
  bool is_traced = false;
};
struct UserRow {
  std::string name;
  std::vector<std::string> tags;
};

/// The same content in two forms: of a virtual host, and of a user.
struct VhostPermissionRow {
  core::PermissionSpec spec;
};
struct UserPermissionRow {
  core::PermissionSpec spec;
};
struct VhostTopicPermissionRow {
  core::TopicPermissionSpec spec;
};
struct UserTopicPermissionRow {
  core::TopicPermissionSpec spec;
};

struct PolicyRow {
  core::PolicySpec spec;
};
/// `limits`: JSON.
struct VhostLimitsRow {
  std::string name;
  std::string limits;
};
struct UserLimitsRow {
  std::string name;
  std::string limits;
};
/// `value`: JSON.
struct ParameterRow {
  std::string component;
  std::string name;
  std::string value;
};
struct GlobalParameterRow {
  std::string name;
  std::string value;
};

template <class Row>
struct Column {
  std::string_view name;
  bool is_preset;  ///< Shown when no column is asked for.
  void (*write)(const Row&, JsonWriter&);
};

/// Of the row's kind. Specialised for each of the rows above.
template <class Row>
std::span<const Column<Row>> columns_of();
template <>
std::span<const Column<MessageRow>> columns_of();
template <>
std::span<const Column<UnreadableRow>> columns_of();

struct ColumnNames {
  std::vector<std::string_view> all;
  std::vector<std::string_view> preset;
};
/// Of a listing like "list_queues"; both empty: it is none.
ColumnNames column_names(std::string_view verb);
/// The name most like it; "": none is near.
std::string nearest_name(std::string_view name, std::span<const std::string_view> names);

/// Of amqp::connection_pid() without a channel; "none": it is not such a text.
core::ConnectionId parse_connection_pid(std::string_view pid);

}  // namespace lepus::server
