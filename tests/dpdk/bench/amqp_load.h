// Clients of a broker: for each queue a publisher that keeps so many messages unconfirmed, and a
// consumer without acknowledgements. What is confirmed and delivered is counted, and that nothing
// is delivered twice or left out is checked.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/fake_client.h"
#include "tests/dpdk/bench/amqp_reader.h"
#include "tests/dpdk/bench/client_side.h"

namespace lepus::net::bypass {

/// A connection with channel 1. What it says at first is in `hello`.
class AmqpClient : protected AmqpUser, private ClientLoad {
 public:
  AmqpClient(ClientSide& side, std::string_view setup) : reader_(*this), end_(side.connect(*this)) {
    using namespace std::string_view_literals;
    hello_ = "AMQP\0\0\x09\x01"sv;
    bench::add_method(hello_, amqp::ConnectionStartOk{{}, "PLAIN", "\0guest\0guest"sv, "en_US"}, 0);
    bench::add_method(hello_, amqp::ConnectionTuneOk{2047, 131'072, 0}, 0);
    bench::add_method(hello_, amqp::ConnectionOpen{"/"}, 0);
    bench::add_method(hello_, amqp::ChannelOpen{});
    hello_ += setup;
  }
  virtual ~AmqpClient() = default;

  void poll() {
    if (!end_->is_open()) return;
    if (hello_sent_ < hello_.size()) {
      hello_sent_ += end_->write(core::as_bytes(hello_).subspan(hello_sent_));
    } else {
      write(*end_);
    }
    end_->flush();
  }
  virtual bool is_ready() const = 0;

 private:
  virtual void write(ClientEnd& end) = 0;
  void on_bytes(core::Bytes bytes) override { reader_.read(bytes); }

  AmqpReader reader_;
  std::string hello_;
  std::size_t hello_sent_ = 0;
  std::unique_ptr<ClientEnd> end_;
};

class BenchConsumer final : public AmqpClient {
 public:
  BenchConsumer(ClientSide& side, std::string_view queue) : AmqpClient(side, setup(queue)) {}
  bool is_ready() const override { return is_ready_; }
  std::uint64_t received() const { return received_; }

 private:
  static std::string setup(std::string_view queue) {
    std::string bytes;
    amqp::QueueDeclare declare;
    declare.queue = queue;
    bench::add_method(bytes, declare);
    amqp::BasicConsume consume;
    consume.queue = queue;
    consume.consumer_tag = "c";
    consume.no_ack = true;
    bench::add_method(bytes, consume);
    return bytes;
  }
  void write(ClientEnd&) override {}
  void on_method(amqp::MethodId method, core::Bytes arguments) override {
    if (method == amqp::MethodId::basic_consume_ok) is_ready_ = true;
    if (method != amqp::MethodId::basic_deliver) return;
    amqp::BasicDeliver deliver;
    CHECK(amqp::decode(arguments, deliver));
    CHECK(deliver.delivery_tag == received_ + 1);
  }
  void on_message() override { ++received_; }

  bool is_ready_ = false;
  std::uint64_t received_ = 0;
};

class BenchPublisher final : public AmqpClient {
 public:
  struct Load {
    std::size_t bytes;     ///< Of a body.
    std::uint64_t window;  ///< Messages that are not confirmed, at most.
  };
  BenchPublisher(ClientSide& side, std::string_view queue, const Load& load)
      : AmqpClient(side, setup()), window_(load.window) {
    std::string one;
    bench::add_method(one, amqp::BasicPublish{"", queue, false, false});
    bench::add_content(one, std::string(load.bytes, 'x'));
    message_size_ = one.size();
    const std::size_t copies = std::max<std::size_t>(1, many_size / one.size());
    for (std::size_t i = 0; i < copies; ++i) many_ += one;
  }
  bool is_ready() const override { return is_ready_; }
  void begin() { is_begun_ = true; }
  /// The messages that are begun go out whole, no others.
  void end() { is_ended_ = true; }
  std::uint64_t confirmed() const { return confirmed_; }
  /// Whole ones that were written.
  std::uint64_t published() const { return sent_ / message_size_; }
  bool is_over() const {
    return is_ended_ && sent_ % message_size_ == 0 && confirmed_ == published();
  }

 private:
  static constexpr std::size_t many_size = 1 << 20;

  static std::string setup() {
    std::string bytes;
    bench::add_method(bytes, amqp::ConfirmSelect{});
    return bytes;
  }
  void write(ClientEnd& end) override {
    while (is_begun_) {
      const std::uint64_t goal =
          is_ended_ ? (sent_ + message_size_ - 1) / message_size_ : confirmed_ + window_;
      const std::size_t at = sent_ % many_.size();
      const auto wanted = static_cast<std::size_t>(
          std::min<std::uint64_t>(goal * message_size_ - sent_, many_.size() - at));
      const std::size_t written = end.write(core::as_bytes(many_).subspan(at, wanted));
      sent_ += written;
      if (written < wanted || written == 0) return;
    }
  }
  void on_method(amqp::MethodId method, core::Bytes arguments) override {
    CHECK(method != amqp::MethodId::basic_nack);
    if (method == amqp::MethodId::confirm_select_ok) is_ready_ = true;
    if (method != amqp::MethodId::basic_ack) return;
    amqp::BasicAck ack;
    CHECK(amqp::decode(arguments, ack));
    CHECK(ack.delivery_tag > confirmed_ && ack.delivery_tag <= published());
    CHECK(ack.multiple || ack.delivery_tag == confirmed_ + 1);
    confirmed_ = ack.delivery_tag;
  }
  void on_message() override { CHECK(false); }

  std::uint64_t window_;
  std::size_t message_size_ = 0;
  std::string many_;
  std::uint64_t sent_ = 0;  ///< Bytes of messages.
  std::uint64_t confirmed_ = 0;
  bool is_ready_ = false;
  bool is_begun_ = false;
  bool is_ended_ = false;
};

class BrokerLoad {
 public:
  BrokerLoad(ClientSide& side, std::size_t queues, const BenchPublisher::Load& load) {
    for (std::size_t i = 0; i < queues; ++i) {
      const std::string queue = "bench." + std::to_string(i);
      consumers_.push_back(std::make_unique<BenchConsumer>(side, queue));
      publishers_.push_back(std::make_unique<BenchPublisher>(side, queue, load));
    }
  }
  /// Publishers begin when all are ready.
  void poll() {
    if (!is_begun_) begin_when_ready();
    for (const auto& one : consumers_) one->poll();
    for (const auto& one : publishers_) one->poll();
  }
  /// Delivered.
  std::uint64_t messages() const {
    std::uint64_t sum = 0;
    for (const auto& one : consumers_) sum += one->received();
    return sum;
  }
  void end() {
    for (const auto& one : publishers_) one->end();
  }
  /// All that was published is confirmed and delivered.
  bool is_over() const {
    for (std::size_t i = 0; i < consumers_.size(); ++i)
      if (!publishers_[i]->is_over() || publishers_[i]->confirmed() != consumers_[i]->received())
        return false;
    return true;
  }

 private:
  void begin_when_ready() {
    for (std::size_t i = 0; i < consumers_.size(); ++i)
      if (!publishers_[i]->is_ready() || !consumers_[i]->is_ready()) return;
    is_begun_ = true;
    for (const auto& one : publishers_) one->begin();
  }

  std::vector<std::unique_ptr<BenchConsumer>> consumers_;
  std::vector<std::unique_ptr<BenchPublisher>> publishers_;
  bool is_begun_ = false;
};

}  // namespace lepus::net::bypass
