// The parts of a stream on a host that writes down what is asked of it, for tests of one of them.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "core/stream/offset_tracking.h"
#include "core/stream/stream_content.h"
#include "core/stream/stream_log.h"
#include "core/stream/stream_readers.h"
#include "tests/unit/core/queue/classic/queue_parts_world.h"

namespace lepus::core::test {

/// A stream with id 8, whose messages are recorded.
class StreamPartsTest : public ::testing::Test {
 protected:
  StreamPartsTest() {
    QueueSpec spec;
    spec.id = QueueId{8};
    spec.durable = true;
    info_ = std::make_unique<QueueInfo>(spec);
    queue_ = std::make_unique<FakeQueue>(*info_, false);
    log_ = std::make_unique<StreamLog>(*info_, host_, rule);
    content_ = std::make_unique<StreamContent>(info_->id, host_, *log_);
    tracking_ = std::make_unique<OffsetTracking>(info_->id, message_log_, *log_);
  }
  ~StreamPartsTest() override {
    if (host_.is_scheduled()) host_.unschedule();
  }
  /// Recorded, and written unless the message log is slow.
  Sequence push(std::string_view body) {
    static constexpr std::array<std::uint8_t, 2> no_properties{};
    MessageRef message =
        Message::create({"", "", no_properties, body.size(), true}, host_.memory());
    message->append_body(as_bytes(body));
    message->set_place(message_log_.append(*message, 1));
    message_log_.flush();
    return log_->push(std::move(message));
  }
  void evict(Sequence offset) {
    const RecordLocation place = log_->backlog().slot_at(offset).message()->place();
    CHECK(log_->backlog().make_evicted(offset, place, false));
  }
  /// The message log answers everything that was asked for.
  void bring() {
    for (const MessageLog::FetchRequest& one : std::exchange(message_log_.fetches, {})) {
      static constexpr std::array<std::uint8_t, 2> no_properties{};
      const std::string& body = message_log_.bodies.at(FakeMessageLog::record_of(one.place));
      MessageRef message =
          Message::create({"", "", no_properties, body.size(), true}, host_.memory());
      message->append_body(as_bytes(body));
      EXPECT_FALSE(content_->on_fetched(one.at.sequence, one.place, std::move(message)));
    }
  }

  static constexpr RecordRule rule{true, true};
  FakeQueueHost host_;
  FakeMessageLog& message_log_ = host_.message_log_port;
  std::unique_ptr<QueueInfo> info_;
  std::unique_ptr<FakeQueue> queue_;
  std::unique_ptr<StreamLog> log_;
  std::unique_ptr<StreamContent> content_;
  std::unique_ptr<OffsetTracking> tracking_;
};

}  // namespace lepus::core::test
