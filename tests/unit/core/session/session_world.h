// A session without a protocol: a listener that writes down what it hears, on a broker whose queues
// are here or on another shard that only takes commands.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/session/session.h"
#include "tests/unit/core/broker/fake_ports.h"

namespace lepus::core::test {

/// Writes down what a session tells it, and takes deliveries as a protocol does.
class FakeProtocol final : public SessionListener, public DeliveryPort {
 public:
  struct Told {
    PendingAnswer::Origin origin;
    core::Answer answer;
  };
  struct Got {
    std::uint32_t message_count;  ///< Left behind.
    std::uint64_t tag;
    MessageRef message;
  };

  // SessionListener
  void on_request_pending() override { is_held = true; }
  void on_request_done() override { is_held = false; }
  void on_answer(const PendingAnswer::Origin& origin, const core::Answer& answer) override {
    answers.push_back({origin, answer});
  }
  void on_message_got(const GetReply& reply, std::uint64_t tag, MessageRef message) override {
    got.push_back({reply.message_count, tag, std::move(message)});
  }
  void on_returned(ReplyCode code, MessageRef message) override {
    returned.emplace_back(code, as_text(message->inline_body()));
  }
  void on_acks_due() override { acks_due = true; }
  void on_blocked(const PublishTarget& target) override { blocked = target; }
  void on_consumer_changed(const SessionConsumer& consumer, bool is_there) override {
    events += (is_there ? "+" : "-") + consumer.tag;
  }
  void on_consumer_overdue(const SessionConsumer& consumer) override {
    events += "!" + consumer.tag;
  }
  void on_closed() override { is_closed = true; }
  std::string connection_name() const override { return "here"; }
  // DeliveryPort
  bool on_deliver(const Deliver& delivery, MessageRef message) override {
    const Session::Taken taken = session->take_delivery(delivery, *message);
    if (taken.tag == 0) return true;
    deliveries += *taken.consumer_tag + std::to_string(taken.tag) + ":" +
                  std::string{as_text(message->inline_body())} + " ";
    if (!is_full) return true;
    session->deliveries().pause(delivery.number);
    return false;
  }
  void on_consumer_cancelled(std::uint32_t number) override {
    if (const auto tag = session->deliveries().on_cancelled(number)) cancelled += *tag;
  }
  void on_consumer_active(std::uint32_t number, bool is_active) override {
    session->deliveries().on_active(number, is_active);
  }
  Credit on_credit_request(const CreditRequest& request) override {
    return session->deliveries().on_credit_request(request);
  }
  void on_credit_return(std::uint32_t count) override {
    session->unacked().return_credit(count);
    session->unacked().grant_waiting();
  }

  /// The last answer is of this kind.
  template <class Kind>
  const Kind* last() const {
    return answers.empty() ? nullptr : std::get_if<Kind>(&answers.back().answer);
  }
  std::string take_deliveries() { return std::exchange(deliveries, {}); }

  Session* session = nullptr;
  bool is_held = false;
  bool acks_due = false;
  bool is_full = false;  ///< Of output: deliveries pause their consumer.
  bool is_closed = false;
  PublishTarget blocked{UINT16_MAX, {}};
  std::vector<Told> answers;
  std::vector<Got> got;
  std::vector<std::pair<ReplyCode, std::string>> returned;
  std::string events;      ///< Of consumers.
  std::string deliveries;  ///< "tag-of-the-consumer tag:body ..."
  std::string cancelled;
};

/// One session on shard 0.
class SessionTest : public ::testing::Test {
 protected:
  static constexpr ShardId away = 1;
  static constexpr PendingAnswer::Origin origin{1, 2, false};

  SessionTest() { open({}); }
  ~SessionTest() override { close(); }

  /// `user` empty: the operator, who may do everything.
  void open(std::string_view user) {
    close();
    SessionOwner owner;
    owner.user = user.empty() ? std::string_view{"op"} : user;
    owner.vhost_name = "/";
    owner.vhost = shard_.vhost;
    owner.connection = ConnectionId{1};
    owner.channel = 7;
    owner.is_operator = user.empty();
    protocol_ = FakeProtocol{};
    session_ =
        std::make_unique<Session>(shard_.broker, owner, Session::Ports{protocol_, &protocol_});
    protocol_.session = session_.get();
  }
  void close() {
    if (!session_) return;
    if (session_->is_open()) session_->close(false);
    session_->closing().finish();
    session_->detach();
    session_.reset();
  }

  struct How {
    PropertiesView properties = {};
    bool mandatory = false;
    bool immediate = false;
  };
  /// Returns why not, or "".
  std::string publish(std::string_view exchange, std::string_view key, std::string_view body) {
    return publish(exchange, key, body, How{});
  }
  std::string publish(std::string_view exchange, std::string_view key, std::string_view body,
                      const How& how) {
    SessionPublishes& publishes = session_->publishes();
    auto refused = publishes.begin({exchange, key, how.mandatory, how.immediate});
    const auto properties = encode_properties(how.properties);
    if (!refused)
      refused = publishes.set_content(properties, body.size(), {1'000, interceptors_, "node"});
    if (refused) return refused->detail;
    if (!body.empty()) publishes.append_body(as_bytes(body));
    session_->commits().publish(publishes.take());
    return {};
  }
  /// What can be told of publishes: "1 2* 3-", with * for several and - for refused.
  std::string acks() {
    std::vector<ConfirmWindow::Ack> acks;
    session_->commits().take_acks(acks);
    std::string text;
    for (const ConfirmWindow::Ack& ack : acks)
      text +=
          std::to_string(ack.number) + (ack.multiple ? "*" : "") + (ack.refused ? "-" : "") + " ";
    return text;
  }
  std::string subscribe(std::string_view queue, std::string_view tag, bool no_ack = false,
                        Bytes arguments = {}) {
    const auto refused = session_->deliveries().subscribe(
        origin, {queue, tag, no_ack, false, arguments}, {std::string{tag}, timeout_, count_max_});
    return refused ? refused->detail : std::string{};
  }
  std::string settle(std::uint64_t tag, bool multiple = false,
                     Outcome outcome = Outcome::acknowledged) {
    const auto refused = session_->settling().settle(origin, {tag, multiple}, outcome);
    return refused ? refused->detail : std::string{};
  }
  std::uint32_t ready(QueueId queue) { return shard_.inspect(queue).message_count; }
  static std::string say(const std::optional<AmqpError>& refused) {
    return refused ? refused->detail : std::string{};
  }

  FakeShard shard_;
  FakeProtocol protocol_;
  Interceptors interceptors_;
  Nanos timeout_ = never;
  std::uint64_t count_max_ = 0;
  std::unique_ptr<Session> session_;
};

}  // namespace lepus::core::test
