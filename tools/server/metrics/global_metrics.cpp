// rabbitmq_global_*: counters by protocol, and by type of queue. All series are there from the
// start, so that rates begin at zero. Nobody speaks the protocol "stream" here: its series, which a
// dashboard of RabbitMQ asks for, stay zero.
#include <array>

#include "tools/server/metrics/metric_tables.h"
#include "tools/server/metrics/node_metrics.h"

namespace lepus::server {

namespace {

using core::MessageEvent;
using core::QueueType;
using core::RemovalCounts;

constexpr std::array types = {QueueType::classic, QueueType::quorum, QueueType::stream};
constexpr std::uint64_t none = 0;

MetricLabels of_amqp() { return {{"protocol", "amqp091"}}; }
MetricLabels of_stream() { return {{"protocol", "stream"}}; }
MetricLabels of_amqp(QueueType type) {
  return {{"protocol", "amqp091"}, {"queue_type", metric_queue_type(type)}};
}

void put(const MetricName& name, std::uint64_t value, MetricsText& out) {
  out.begin(prefix_global, name);
  out.sample(of_amqp(), value);
}

struct ByType {
  MetricName name;
  MessageEvent event;
};
constexpr std::array by_type = {
    ByType{{"messages_delivered_consume_auto_ack_total", metric_counter,
            "Messages delivered to consumers using basic.consume with automatic acknowledgment"},
           MessageEvent::deliver_no_ack},
    ByType{{"messages_delivered_consume_manual_ack_total", metric_counter,
            "Messages delivered to consumers using basic.consume with manual acknowledgment"},
           MessageEvent::deliver},
    ByType{{"messages_delivered_get_auto_ack_total", metric_counter,
            "Messages delivered to consumers using basic.get with automatic acknowledgment"},
           MessageEvent::get_no_ack},
    ByType{{"messages_delivered_get_manual_ack_total", metric_counter,
            "Messages delivered to consumers using basic.get with manual acknowledgment"},
           MessageEvent::get},
    ByType{{"messages_get_empty_total", metric_counter,
            "Times basic.get operations fetched no message"},
           MessageEvent::get_empty},
    ByType{{"messages_redelivered_total", metric_counter, "Messages redelivered to consumers"},
           MessageEvent::redeliver},
    ByType{{"messages_acknowledged_total", metric_counter, "Messages acknowledged by consumers"},
           MessageEvent::ack},
};

void write_by_type(const GlobalCounters& counters, MetricsText& out) {
  out.begin(prefix_global,
            {"messages_delivered_total", metric_counter, "Messages delivered to consumers"});
  for (const QueueType type : types) {
    const auto get = [&](MessageEvent event) { return counters.get(type, event); };
    out.sample(of_amqp(type), get(MessageEvent::deliver) + get(MessageEvent::deliver_no_ack) +
                                  get(MessageEvent::get) + get(MessageEvent::get_no_ack));
  }
  out.sample(MetricLabels{{"protocol", "stream"}, {"queue_type", "rabbit_stream_queue"}}, none);
  for (const ByType& one : by_type) {
    out.begin(prefix_global, one.name);
    for (const QueueType type : types) out.sample(of_amqp(type), counters.get(type, one.event));
  }
}

struct Reason {
  MetricName name;
  std::uint64_t RemovalCounts::*count;
  bool is_of_classic;
};
constexpr std::array reasons = {
    Reason{{"messages_dead_lettered_expired_total", metric_counter,
            "Messages dead-lettered due to message TTL exceeded"},
           &RemovalCounts::expired,
           true},
    Reason{{"messages_dead_lettered_maxlen_total", metric_counter,
            "Messages dead-lettered due to overflow drop-head or reject-publish-dlx"},
           &RemovalCounts::maxlen,
           true},
    Reason{{"messages_dead_lettered_rejected_total", metric_counter,
            "Messages dead-lettered due to basic.reject or basic.nack"},
           &RemovalCounts::rejected,
           true},
    Reason{{"messages_dead_lettered_delivery_limit_total", metric_counter,
            "Messages dead-lettered due to delivery-limit exceeded"},
           &RemovalCounts::delivery_limit,
           false},
};

void write_dead_letters(const GlobalCounters& counters, MetricsText& out) {
  const auto sample = [&](QueueType type, std::string_view strategy, std::uint64_t value) {
    out.sample(
        MetricLabels{{"queue_type", metric_queue_type(type)}, {"dead_letter_strategy", strategy}},
        value);
  };
  for (const Reason& reason : reasons) {
    out.begin(prefix_global, reason.name);
    for (const QueueType type : {QueueType::classic, QueueType::quorum}) {
      if (type == QueueType::classic && !reason.is_of_classic) continue;
      const RemovedMessages& removed = counters.removed(type);
      sample(type, "at_most_once", removed.dead_lettered.*reason.count);
      sample(type, "disabled", removed.dropped.*reason.count);
    }
  }
}

constexpr std::array stream_errors = {"access_refused",
                                      "authentication_failure",
                                      "frame_too_large",
                                      "internal_error",
                                      "precondition_failed",
                                      "publisher_does_not_exist",
                                      "sasl_authentication_failure_loopback",
                                      "sasl_challenge",
                                      "sasl_error",
                                      "sasl_mechanism_not_supported",
                                      "stream_already_exists",
                                      "stream_does_not_exist",
                                      "stream_not_available",
                                      "subscription_id_already_exists",
                                      "subscription_id_does_not_exist",
                                      "unknown_frame",
                                      "vhost_access_failure"};

void write_stream_errors(MetricsText& out) {
  for (const char* error : stream_errors) {
    const std::string name = std::string("stream_error_") + error + "_total";
    out.begin(prefix_global, {name, metric_counter, "Errors of the stream protocol"});
    out.sample(of_stream(), none);
  }
}

}  // namespace

void write_global(const MetricsNode& node, const GlobalCounters& counters, std::uint64_t publishers,
                  MetricsText& out) {
  out.begin(prefix_global,
            {"messages_received_total", metric_counter, "Messages received from publishers"});
  out.sample(of_amqp(), counters.get(MessageEvent::publish));
  out.sample(of_stream(), none);
  out.begin(prefix_global, {"messages_received_confirm_total", metric_counter,
                            "Messages received from publishers using publisher confirms"});
  out.sample(of_amqp(), counters.received_confirm());
  out.sample(of_stream(), none);
  put({"messages_routed_total", metric_counter, "Messages routed to queues or streams"},
      counters.routed(), out);
  out.begin(prefix_global,
            {"messages_confirmed_total", metric_counter, "Messages confirmed to publishers"});
  out.sample(of_amqp(), counters.get(MessageEvent::confirm));
  out.sample(of_stream(), none);
  put({"messages_unroutable_dropped_total", metric_counter,
       "Messages published as non-mandatory into an exchange and dropped as unroutable"},
      counters.get(MessageEvent::drop_unroutable), out);
  put({"messages_unroutable_returned_total", metric_counter,
       "Messages published as mandatory into an exchange and returned to the publisher as "
       "unroutable"},
      counters.get(MessageEvent::return_unroutable), out);
  out.begin(prefix_global, {"publishers", metric_gauge, "Publishers currently connected"});
  out.sample(of_amqp(), publishers);
  out.sample(of_stream(), none);
  out.begin(prefix_global, {"consumers", metric_gauge, "Consumers currently connected"});
  out.sample(of_amqp(), node.consumer_count);
  out.sample(of_stream(), none);
  write_by_type(counters, out);
  write_dead_letters(counters, out);
  write_stream_errors(out);
}

}  // namespace lepus::server
