// The queries of RabbitMQ's dashboards find what they ask for: every name is there on both
// endpoints, and what one query adds or subtracts has the same labels.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/unit/tools/server/metrics/metrics_world.h"

namespace lepus::server::test {
namespace {

/// RabbitMQ-Overview.
constexpr std::array overview = {
    "rabbitmq_build_info",
    "rabbitmq_channels",
    "rabbitmq_channels_closed_total",
    "rabbitmq_channels_opened_total",
    "rabbitmq_connections",
    "rabbitmq_connections_closed_total",
    "rabbitmq_connections_opened_total",
    "rabbitmq_disk_space_available_bytes",
    "rabbitmq_disk_space_available_limit_bytes",
    "rabbitmq_erlang_uptime_seconds",
    "rabbitmq_global_consumers",
    "rabbitmq_global_messages_acknowledged_total",
    "rabbitmq_global_messages_confirmed_total",
    "rabbitmq_global_messages_delivered_consume_auto_ack_total",
    "rabbitmq_global_messages_delivered_consume_manual_ack_total",
    "rabbitmq_global_messages_delivered_get_auto_ack_total",
    "rabbitmq_global_messages_delivered_get_manual_ack_total",
    "rabbitmq_global_messages_delivered_total",
    "rabbitmq_global_messages_get_empty_total",
    "rabbitmq_global_messages_received_confirm_total",
    "rabbitmq_global_messages_received_total",
    "rabbitmq_global_messages_redelivered_total",
    "rabbitmq_global_messages_routed_total",
    "rabbitmq_global_messages_unroutable_dropped_total",
    "rabbitmq_global_messages_unroutable_returned_total",
    "rabbitmq_global_publishers",
    "rabbitmq_identity_info",
    "rabbitmq_message_size_bytes_bucket",
    "rabbitmq_message_size_bytes_count",
    "rabbitmq_message_size_bytes_sum",
    "rabbitmq_process_max_fds",
    "rabbitmq_process_open_fds",
    "rabbitmq_process_resident_memory_bytes",
    "rabbitmq_queue_messages_ready",
    "rabbitmq_queue_messages_unacked",
    "rabbitmq_queues",
    "rabbitmq_queues_created_total",
    "rabbitmq_queues_declared_total",
    "rabbitmq_queues_deleted_total",
    "rabbitmq_resident_memory_limit_bytes",
};

/// RabbitMQ-Stream: with protocol="stream".
constexpr std::array stream = {
    "rabbitmq_global_consumers",
    "rabbitmq_global_messages_confirmed_total",
    "rabbitmq_global_messages_delivered_total",
    "rabbitmq_global_messages_received_total",
    "rabbitmq_global_publishers",
    "rabbitmq_global_stream_error_access_refused_total",
    "rabbitmq_global_stream_error_authentication_failure_total",
    "rabbitmq_global_stream_error_frame_too_large_total",
    "rabbitmq_global_stream_error_internal_error_total",
    "rabbitmq_global_stream_error_precondition_failed_total",
    "rabbitmq_global_stream_error_publisher_does_not_exist_total",
    "rabbitmq_global_stream_error_sasl_authentication_failure_loopback_total",
    "rabbitmq_global_stream_error_sasl_challenge_total",
    "rabbitmq_global_stream_error_sasl_error_total",
    "rabbitmq_global_stream_error_sasl_mechanism_not_supported_total",
    "rabbitmq_global_stream_error_stream_already_exists_total",
    "rabbitmq_global_stream_error_stream_does_not_exist_total",
    "rabbitmq_global_stream_error_stream_not_available_total",
    "rabbitmq_global_stream_error_subscription_id_already_exists_total",
    "rabbitmq_global_stream_error_subscription_id_does_not_exist_total",
    "rabbitmq_global_stream_error_unknown_frame_total",
    "rabbitmq_global_stream_error_vhost_access_failure_total",
};

struct Operands {
  const char* left;
  const char* right;
};
constexpr std::array combined = {
    Operands{"rabbitmq_resident_memory_limit_bytes", "rabbitmq_process_resident_memory_bytes"},
    Operands{"rabbitmq_disk_space_available_bytes", "rabbitmq_disk_space_available_limit_bytes"},
    Operands{"rabbitmq_process_max_fds", "rabbitmq_process_open_fds"},
    Operands{"rabbitmq_global_messages_received_confirm_total",
             "rabbitmq_global_messages_confirmed_total"},
    Operands{"rabbitmq_global_messages_delivered_consume_auto_ack_total",
             "rabbitmq_global_messages_delivered_consume_manual_ack_total"},
    Operands{"rabbitmq_message_size_bytes_sum", "rabbitmq_message_size_bytes_count"},
};

class Dashboards : public MetricsTest, public ::testing::WithParamInterface<const char*> {
 protected:
  ReadMetrics read_ = ReadMetrics(scrape(GetParam()));
};

TEST_P(Dashboards, FindEveryName) {
  for (const char* name : overview) EXPECT_TRUE(read_.has(name)) << name;
  for (const char* name : stream) {
    bool is_there = false;
    for (const std::string& labels : read_.labels(name))
      is_there |= labels.find("protocol=\"stream\"") != std::string::npos;
    EXPECT_TRUE(is_there) << name;
  }
}

TEST_P(Dashboards, CombineWhatHasTheSameLabels) {
  for (const auto& [left, right] : combined)
    EXPECT_EQ(read_.labels(left), read_.labels(right)) << left << " and " << right;
}

TEST_P(Dashboards, JoinWithOneIdentity) {
  EXPECT_EQ(read_.count("rabbitmq_identity_info"), 1U);
  EXPECT_EQ(read_.count("rabbitmq_build_info"), 1U);
}

INSTANTIATE_TEST_SUITE_P(Endpoints, Dashboards,
                         ::testing::Values("/metrics", "/metrics/per-object"), [](const auto& one) {
                           return std::string(one.index == 0 ? "Aggregated" : "PerObject");
                         });

}  // namespace
}  // namespace lepus::server::test
