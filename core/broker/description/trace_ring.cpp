// See trace_ring.h.
#include "core/broker/description/trace_ring.h"

#include <algorithm>
#include <utility>

#include "core/limits/live.h"

namespace lepus::core {

std::uint64_t TraceEntry::memory() const {
  std::uint64_t bytes = sizeof *this + connection.size() + user.size() + exchange.size() +
                        routing_key.size() + properties.size() + body.size();
  for (const std::string& queue : queues) bytes += sizeof queue + queue.size();
  return bytes;
}

// --- What is wanted

/// The last `*` takes one letter more each time the rest does not fit.
bool fits_pattern(std::string_view text, std::string_view pattern) {
  std::size_t at = 0;
  std::size_t letter = 0;
  std::size_t star = std::string_view::npos;
  std::size_t taken_until = 0;
  while (letter < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      taken_until = letter;
    } else if (at < pattern.size() && pattern[at] == text[letter]) {
      ++at;
      ++letter;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      letter = ++taken_until;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

bool TraceFilter::wants(const TraceEntry& entry) const {
  const auto fits = [](const std::string& text, const std::string& pattern) {
    return pattern.empty() || fits_pattern(text, pattern);
  };
  if (!fits(entry.exchange, exchange) || !fits(entry.routing_key, routing_key)) return false;
  if (!fits(entry.user, user)) return false;
  return queue.empty() || std::any_of(entry.queues.begin(), entry.queues.end(),
                                      [&](const std::string& name) { return fits(name, queue); });
}

// --- The ring

void TraceRing::add(const Trace& trace, const Message& message, Nanos time) {
  CHECK(is_watched());
  CHECK(message.complete());
  TraceEntry entry;
  entry.number = ++last_number_;
  entry.time = time;
  entry.vhost = trace.vhost;
  entry.is_delivery = trace.routed == nullptr;
  entry.redelivered = trace.redelivered;
  entry.channel = trace.channel;
  entry.connection = trace.connection;
  entry.user = trace.user;
  entry.exchange = message.exchange();
  entry.routing_key = message.routing_key();
  entry.queue_count =
      trace.routed == nullptr ? 1 : static_cast<std::uint32_t>(trace.routed->size());
  if (trace.routed == nullptr) {
    entry.queues.emplace_back(trace.queue);
  } else {
    for (const QueueInfo* queue : *trace.routed)
      if (entry.queues.size() < limits::trace_queues_max) entry.queues.push_back(queue->name);
  }
  if (message.properties().size() <= limits::trace_properties_max)
    entry.properties = as_text(message.properties());
  entry.body_size = message.body_size();
  std::size_t left = std::min<std::uint64_t>(entry.body_size, limits::trace_body_max);
  message.for_each_piece([&](Bytes piece) {
    const Bytes part = piece.first(std::min(piece.size(), left));
    entry.body += as_text(part);
    left -= part.size();
  });
  const std::uint64_t bytes = entry.memory();
  bytes_ += bytes;
  account_.session_bytes += bytes;
  entries_.push_back(std::move(entry));
  while (entries_.size() > limits::traces_max || bytes_ > limits::trace_bytes_max) drop_oldest();
}

void TraceRing::drop_oldest() {
  CHECK(!entries_.empty());
  const std::uint64_t bytes = entries_.front().memory();
  CHECK(bytes_ >= bytes);
  bytes_ -= bytes;
  account_.session_bytes -= bytes;
  entries_.pop_front();
}

/// What another virtual host is told of, or the filter does not want, is passed and not missed.
TraceAnswer TraceRing::answer(const TraceQuestion& question, Nanos now) {
  CHECK(question.count_max > 0);
  watched_until_ = now + limits::trace_watch_time;
  TraceAnswer answer;
  answer.next = std::min(question.after, last_number_);
  if (!entries_.empty() && entries_.front().number > answer.next + 1)
    answer.missed = entries_.front().number - answer.next - 1;
  for (const TraceEntry& entry : entries_) {
    if (entry.number <= answer.next) continue;
    if (answer.entries.size() >= question.count_max) return answer;
    answer.next = entry.number;
    if (entry.vhost == question.vhost && question.filter.wants(entry))
      answer.entries.push_back(entry);
  }
  return answer;
}

void TraceRing::expire(Nanos now) {
  if (!is_watched() || now < watched_until_) return;
  clear();
  watched_until_ = 0;
}

void TraceRing::clear() {
  while (!entries_.empty()) drop_oldest();
  CHECK(bytes_ == 0);
  entries_.shrink_to_fit();
}

}  // namespace lepus::core
