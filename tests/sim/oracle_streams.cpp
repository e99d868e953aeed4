// Streams: everybody reads the same messages at the same offsets, one after the other, and nothing
// leaves. What nobody was promised may be lost by a crash, and its offset is then another
// message's.
#include "tests/sim/oracle.h"

#include <algorithm>
#include <charconv>

namespace lepus::sim {

void Oracle::on_streamed(const Received& received, QueueModel& queue, StreamReader& reader) {
  const Identity identity = identify(received);
  if (identity.message == nullptr) return;
  const Sent& message = *identity.message;
  judge_.note("read {} from stream {} at {}", message.id, queue.name, identity.offset.value_or(-1));
  if (identity.is_dead_letter || received.redelivered || message.revoked)
    return judge_.fail(2, "stream {}: message {} must not be there", queue.name, message.id);
  if (!is_possible(message, queue))
    judge_.fail(9, "stream {}: message {} was not routed there", queue.name, message.id);
  if (!identity.offset)
    return judge_.fail(14, "stream {}: message {} has no offset", queue.name, message.id);
  judge_offset(*identity.offset, queue, reader);
  reader.last = *identity.offset;
  if (NamedReader* named = reader.named.get()) {
    named->next = *identity.offset + 1;
    named->unsent.insert(*identity.offset);
    named->unsure.insert(*identity.offset);
  }
  learn_offset(*identity.offset, message, queue);
}

/// A damaged record is passed over.
void Oracle::judge_offset(std::int64_t offset, QueueModel& queue, const StreamReader& reader) {
  if (forgiven_ > 0 || may_pass_over_) return;
  if (reader.last) {
    if (offset != *reader.last + 1)
      judge_.fail(3, "stream {}: offset {} came after {}", queue.name, offset, *reader.last);
    return;
  }
  if (reader.named != nullptr) return judge_start(offset, queue, *reader.named);
  std::int64_t wanted = reader.from == "first" ? 0 : INT64_MAX;
  (void)std::from_chars(reader.from.data(), reader.from.data() + reader.from.size(), wanted);
  if (offset < 0 || offset > wanted)
    judge_.fail(3, "stream {}: reading from {} began with offset {}", queue.name, reader.from,
                offset);
}

/// Nothing that was not settled is passed over, and what the broker surely knew is not read again.
void Oracle::judge_start(std::int64_t offset, QueueModel& queue, const NamedReader& reader) {
  const std::int64_t at_most = queue.log.names[reader.name].sent;
  if (offset < reader.at_least || offset > at_most)
    judge_.fail(3, "stream {}: consumer {} goes on at {}, settled was up to {} or {}", queue.name,
                reader.name, offset, reader.at_least, at_most);
}

void Oracle::on_stream_settle_sent(QueueModel& queue, NamedReader& reader, std::int64_t offset) {
  reader.unsent.erase(offset);
  std::int64_t& sent = queue.log.names[reader.name].sent;
  sent = std::max(sent, NamedReader::done(reader.unsent, reader.next));
}

void Oracle::on_stream_settled(QueueModel& queue, NamedReader& reader, std::int64_t offset) {
  reader.unsure.erase(offset);
  std::int64_t& sure = queue.log.names[reader.name].sure[reader.client];
  sure = std::max(sure, NamedReader::done(reader.unsure, reader.next));
}

void Oracle::learn_offset(std::int64_t offset, const Sent& message, QueueModel& queue) {
  if (forgiven_ > 0) queue.log.at.erase(offset);  // The end of a damaged journal may be lost.
  const auto [at, is_new] = queue.log.at.try_emplace(offset, message.id);
  if (!is_new && at->second != message.id)
    judge_.fail(2, "stream {}: at offset {} is message {}, and was {}", queue.name, offset,
                message.id, at->second);
  const auto [of, is_first] = queue.log.of.try_emplace(message.id, offset);
  if (!is_first && of->second != offset && !may_be_twice(message))
    judge_.fail(2, "stream {}: message {} is at offsets {} and {}", queue.name, message.id,
                of->second, offset);
}

void Oracle::check_stream(QueueModel& queue) {
  for (const auto& [id, copy] : queue.copies)
    if (copy.must && !queue.log.of.contains(id))
      judge_.fail(1, "stream {}: message {} is lost", queue.name, id);
  std::map<std::uint64_t, MessageId> last;  // By publishing channel.
  for (const auto& [offset, id] : queue.log.at) {
    const Sent& message = sent(id);
    if (message.is_held) continue;
    MessageId& before = last[message.channel];
    if (before >= id)
      judge_.fail(3, "stream {}: message {} is behind message {} of the same channel", queue.name,
                  id, before);
    before = id;
  }
}

}  // namespace lepus::sim
