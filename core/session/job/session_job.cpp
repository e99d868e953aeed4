// What all jobs have, and the two small kinds of them.
#include "core/session/job/session_job.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/limits.h"
#include "core/session/job/browse_job.h"

namespace lepus::core {

namespace {

SessionOwner owner_of(const MessageRequest& request) {
  SessionOwner owner;
  owner.user = request.user;
  owner.vhost_name = request.vhost_name;
  owner.vhost = request.vhost;
  owner.is_operator = true;
  return owner;
}

}  // namespace

SessionJob::SessionJob(Broker& broker, std::unique_ptr<MessageRequest> request,
                       DeliveryPort* deliveries)
    : broker_(broker),
      request_(std::move(request)),
      result_(std::make_unique<MessageResult>()),
      session_(broker, owner_of(*request_), {*this, deliveries}) {
  result_->number = request_->number;
  const VhostInfo* vhost = broker.topology().find_vhost(request_->vhost);
  session_.set_traced(vhost != nullptr && vhost->is_traced);
}

SessionJob::~SessionJob() {
  if (session_.is_open()) session_.close(false);
  session_.closing().finish();
  session_.detach();
}

std::unique_ptr<MessageResult> SessionJob::take_result() {
  CHECK(is_done_);
  CHECK(result_ != nullptr);
  return std::move(result_);
}

void SessionJob::done() {
  CHECK(!is_done_);
  is_done_ = true;
}

void SessionJob::fail(AmqpError error) {
  result_->error = std::move(error);
  done();
}

bool SessionJob::show(const Message& message, ShownMessage shown) {
  CHECK(message.complete());
  CHECK(result_->messages.size() < request_->count_max);
  shown.exchange = message.exchange();
  shown.routing_key = message.routing_key();
  shown.properties = as_text(message.properties());
  shown.body_size = message.body_size();
  std::uint64_t left = std::min(shown.body_size, request_->body_size_max);
  shown.body.reserve(left);
  message.for_each_piece([&](Bytes piece) {
    const Bytes part = piece.first(std::min<std::uint64_t>(piece.size(), left));
    shown.body += as_text(part);
    left -= part.size();
  });
  shown_bytes_ += shown.body.size() + shown.properties.size();
  result_->messages.push_back(std::move(shown));
  const bool is_enough = result_->messages.size() >= request_->count_max;
  result_->is_limited = !is_enough && shown_bytes_ >= limits::job_bytes_max;
  return is_enough || result_->is_limited;
}

void SessionJob::on_answer(const PendingAnswer::Origin&, const Answer& answer) {
  if (const auto* failed = std::get_if<RequestFailed>(&answer)) fail(failed->error);
}

namespace {

/// Publishes with a confirm: done when the message is where it has to be.
class PublishJob final : public SessionJob {
 public:
  PublishJob(Broker& broker, std::unique_ptr<MessageRequest> request,
             const PublishSettings& settings)
      : SessionJob(broker, std::move(request)), settings_(settings) {}

  void work() override;
  bool has_work() const override { return !is_done() && !is_published_; }
  void collect() override;

 private:
  void on_returned(ReplyCode, MessageRef) override { result().is_routed = false; }
  void on_acks_due() override { has_acks_ = true; }

  PublishSettings settings_;
  bool is_published_ = false;
  bool has_acks_ = false;
};

void PublishJob::collect() {
  if (is_done() || !std::exchange(has_acks_, false)) return;
  std::vector<ConfirmWindow::Ack> acks;
  session().commits().take_acks(acks);
  if (acks.empty()) return;
  result().is_refused = acks.front().refused;
  done();
}

/// A client would be blocked in an alarm.
void PublishJob::work() {
  CHECK(!is_published_);
  is_published_ = true;
  const Alarm& alarm = broker().alarm();
  if (alarm.any()) {
    return fail({ReplyCode::resource_error, alarm.memory ? "publishers are blocked: low on memory"
                                                         : "publishers are blocked: low on disk"});
  }
  SessionPublishes& publishes = session().publishes();
  (void)session().commits().select_confirms();
  auto refused = publishes.begin({request().exchange, request().routing_key, true, false});
  if (!refused) {
    refused =
        publishes.set_content(as_bytes(request().properties), request().body.size(), settings_);
  }
  if (refused) return fail(std::move(*refused));
  result().is_routed = true;
  if (!request().body.empty()) publishes.append_body(as_bytes(request().body));
  session().commits().publish(publishes.take());
}

/// Takes one message after the other, and settles all of them at the end: until then none of them
/// is shown twice.
class GetJob final : public SessionJob {
 public:
  GetJob(Broker& broker, std::unique_ptr<MessageRequest> request)
      : SessionJob(broker, std::move(request)) {}

  void work() override;
  bool has_work() const override { return !is_done() && !is_waiting_; }

 private:
  void ask();
  void settle();
  void on_message_got(const GetReply& reply, std::uint64_t tag, MessageRef message) override;

  bool is_waiting_ = false;  ///< For a message.
  bool is_complete_ = false;
};

/// A queue of this shard answers at once, unless its head is on disk only.
void GetJob::work() {
  for (std::size_t left = limits::job_gets_per_turn; left > 0 && has_work(); --left) {
    if (is_complete_) return settle();
    ask();
  }
}

/// The queue may be deleted between two of them: what was shown until then was there.
void GetJob::ask() {
  is_waiting_ = true;
  auto refused = session().requests().get({}, request().queue, false);
  if (!refused) return;
  is_waiting_ = false;
  is_complete_ = true;
  if (result().messages.empty()) fail(std::move(*refused));
}

void GetJob::on_message_got(const GetReply& reply, std::uint64_t, MessageRef message) {
  is_waiting_ = false;
  if (!message) {
    is_complete_ = true;
    return;
  }
  ShownMessage shown;
  shown.message_count = reply.message_count;
  shown.redelivered = reply.redelivered;
  is_complete_ = show(*message, std::move(shown));
}

/// To look at a message is no delivery: it counts for no delivery limit.
void GetJob::settle() {
  Outcome outcome = Outcome::undelivered;
  if (request().settlement == MessageRequest::Settlement::ack) outcome = Outcome::acknowledged;
  if (request().settlement == MessageRequest::Settlement::reject) outcome = Outcome::rejected;
  const SessionUnacked::Batch all{UINT64_MAX, SessionUnacked::Batch::Kind::settle, outcome};
  std::size_t budget = limits::job_gets_max;
  const bool has_more = session().unacked().settle_piece(all, budget);
  CHECK(!has_more);
  done();
}

}  // namespace

namespace {

/// Needs no session, and is done at once.
class TraceJob final : public SessionJob {
 public:
  TraceJob(Broker& broker, std::unique_ptr<MessageRequest> request)
      : SessionJob(broker, std::move(request)) {}

  void work() override {
    CHECK(request().trace != nullptr);
    result().trace = std::make_unique<TraceAnswer>(broker().description().answer(*request().trace));
    done();
  }
  bool has_work() const override { return !is_done(); }
};

}  // namespace

std::unique_ptr<SessionJob> make_session_job(Broker& broker,
                                             std::unique_ptr<MessageRequest> request,
                                             const PublishSettings& settings) {
  CHECK(request != nullptr);
  switch (request->kind) {
    case MessageRequest::Kind::publish:
      return std::make_unique<PublishJob>(broker, std::move(request), settings);
    case MessageRequest::Kind::get:
      return std::make_unique<GetJob>(broker, std::move(request));
    case MessageRequest::Kind::browse:
      return std::make_unique<BrowseJob>(broker, std::move(request));
    case MessageRequest::Kind::trace:
      return std::make_unique<TraceJob>(broker, std::move(request));
  }
  CHECK(false);
  return nullptr;
}

}  // namespace lepus::core
