// lepus_*: what only this broker has, by thread. Turns, journals, mailboxes, memory.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/time.h"
#include "tools/server/metrics/node_metrics.h"

namespace lepus::server {

namespace {

using Threads = std::span<const MetricsThread>;

double seconds(core::Nanos time) { return static_cast<double>(time) / core::nanos_per_s; }

MetricLabels labels_of(const MetricsThread& thread) { return {{"thread", thread.name}}; }

/// A family with one sample for each thread.
template <class Value>
void put(const MetricName& name, Threads threads, const Value& value, MetricsText& out) {
  out.begin(prefix_own, name);
  for (const MetricsThread& thread : threads)
    out.sample(labels_of(thread), std::invoke(value, thread.stats));
}

/// 2^first, 2^(first+1) ... in units of which `unit` are one, as texts.
std::vector<std::string> powers(unsigned first, std::size_t count, double unit) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i)
    texts.push_back(metric_value(std::ldexp(1.0, static_cast<int>(first + i)) / unit));
  return texts;
}

/// Buckets up to 2^first, 2^(first+1) ... of which `unit` are one.
struct Scale {
  unsigned first;
  double unit;
};

template <class Member>
void put_histogram(const MetricName& name, std::pair<Threads, Member> counts, Scale scale,
                   MetricsText& out) {
  const auto [threads, member] = counts;
  out.begin(prefix_own, name);
  for (const MetricsThread& thread : threads) {
    const auto& histogram = thread.stats.counts.*member;
    out.histogram(labels_of(thread), powers(scale.first, histogram.buckets.size() - 1, scale.unit),
                  histogram.buckets, static_cast<double>(histogram.sum) / scale.unit);
  }
}

void write_turns(Threads threads, MetricsText& out) {
  using Totals = core::TurnProfile::Totals;
  const auto of_turns = [](auto member) {
    return [member](const core::ThreadStats& stats) { return stats.turns.*member; };
  };
  put({"turns_total", metric_counter, "Turns of a thread's loop"}, threads,
      of_turns(&Totals::turns), out);
  put({"turn_sleeps_total", metric_counter, "Turns that waited for something to do"}, threads,
      of_turns(&Totals::sleeps), out);
  out.begin(prefix_own,
            {"turn_stalls_total", metric_counter,
             "Turns that took so long that they are logged, by what took most of them"});
  for (const MetricsThread& thread : threads)
    for (std::size_t i = 0; i < core::turn_job_count; ++i)
      out.sample(labels_of(thread).add("job", name_of(static_cast<core::TurnJob>(i))),
                 thread.stats.turns.stalls_by_job[i]);
  put(
      {"busy_seconds_total", metric_counter,
       "Time a thread was not waiting: its growth a second is the "
       "share it is busy"},
      threads, [](const core::ThreadStats& stats) { return seconds(stats.turns.busy); }, out);
  out.begin(prefix_own, {"turn_seconds", MetricType::histogram, "Lengths of turns"});
  for (const MetricsThread& thread : threads)
    out.histogram(labels_of(thread), powers(0, Totals{}.buckets.size() - 1, us_per_s),
                  thread.stats.turns.buckets, seconds(thread.stats.turns.busy));
  out.begin(prefix_own, {"turn_longest_seconds", metric_gauge,
                         "The longest turn since the start, and what it spent most of it with"});
  for (const MetricsThread& thread : threads)
    out.sample(labels_of(thread).add("job", name_of(thread.stats.turns.longest.job)),
               seconds(thread.stats.turns.longest.length));
}

/// Shards have journals and mailboxes that count.
void write_journals(Threads shards, MetricsText& out) {
  using Counts = core::ShardCounts;
  const auto of_counts = [](auto member) {
    return [member](const core::ThreadStats& stats) { return stats.counts.*member; };
  };
  put({"journal_written_bytes_total", metric_counter, "Bytes written to a journal"}, shards,
      of_counts(&Counts::journal_bytes), out);
  put({"journal_rewritten_bytes_total", metric_counter, "Bytes that compaction wrote once more"},
      shards, of_counts(&Counts::journal_rewritten_bytes), out);
  put(
      {"journal_write_amplification_ratio", metric_gauge,
       "All bytes written by those that clients caused, since the start; 0 without any"},
      shards,
      [](const core::ThreadStats& stats) {
        const auto all = static_cast<double>(stats.counts.journal_bytes);
        const double caused = all - static_cast<double>(stats.counts.journal_rewritten_bytes);
        return caused <= 0 ? 0.0 : all / caused;
      },
      out);
  put_histogram({"journal_sync_seconds", MetricType::histogram, "How long syncs take"},
                std::pair{shards, &Counts::sync_latency_us}, {4, us_per_s}, out);
  put_histogram({"journal_batch_records", MetricType::histogram, "Records made durable at once"},
                std::pair{shards, &Counts::sync_batch}, {0, 1}, out);
  put_histogram({"mailbox_commands", MetricType::histogram,
                 "Commands of other threads found in a turn that found any"},
                std::pair{shards, &Counts::mailbox_depth}, {0, 1}, out);
  put_histogram(
      {"delivery_count", MetricType::histogram,
       "Deliveries of messages that had come back, by how often, of queues that count it"},
      std::pair{shards, &Counts::delivery_count}, {0, 1}, out);
  put({"publishers_waiting", metric_gauge,
       "Connections whose publishes wait for a queue or an alarm"},
      shards, of_counts(&Counts::publishers_waiting), out);
}

}  // namespace

void write_threads(Threads threads, MetricsText& out) {
  write_turns(threads, out);
  const auto is_shard = [](const MetricsThread& one) { return one.name.starts_with("shard-"); };
  const auto end = std::find_if_not(threads.begin(), threads.end(), is_shard);
  write_journals(threads.first(static_cast<std::size_t>(end - threads.begin())), out);
}

}  // namespace lepus::server
