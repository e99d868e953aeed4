// What the operator does with messages: publish one, look at those of a queue. A session on a shard
// carries it out (core/session/job/session_job.h); here texts become bytes, and bytes texts.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/limits.h"
#include "core/message/properties.h"
#include "tools/server/admin/admin_operation.h"
#include "tools/server/admin/message_json.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace {

using core::MessageRequest;
using core::MessageResult;

class MessageOperation : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  void on_message_result(std::unique_ptr<MessageResult> result) final {
    if (result->error) return refuse(*result->error);
    on_result(*result);
  }

 protected:
  /// Null: fail() was called.
  std::unique_ptr<MessageRequest> new_request(MessageRequest::Kind kind) {
    const core::VhostInfo* vhost = find_vhost();
    if (vhost == nullptr) return nullptr;
    auto made = std::make_unique<MessageRequest>();
    made->kind = kind;
    made->user = request().user.empty() ? core::operator_name : std::string_view{request().user};
    made->vhost = vhost->id;
    made->vhost_name = vhost->name;
    return made;
  }
  std::string option(std::string_view name, std::string_view preset = {}) const {
    const auto found = request().options.find(name);
    return found == request().options.end() ? std::string{preset} : found->second;
  }
  virtual void on_result(const MessageResult& result) = 0;

 private:
  /// As texts of their own: an operator has no channel that could be closed.
  void refuse(const core::AmqpError& error) {
    AdminFault fault = AdminFault::refused;
    if (error.code == core::ReplyCode::not_found) fault = AdminFault::not_found;
    if (error.code == core::ReplyCode::precondition_failed) fault = AdminFault::invalid;
    if (error.code == core::ReplyCode::resource_error ||
        error.code == core::ReplyCode::connection_forced)
      fault = AdminFault::unavailable;
    fail(fault, error.detail);
  }
};

/// publish PAYLOAD [exchange=..] [routing_key=..] [properties=JSON] [payload_encoding=..]
class Publish final : public MessageOperation {
 public:
  using MessageOperation::MessageOperation;
  void start() override {
    if (request().arguments.size() != 1)
      return fail(AdminFault::usage, "expected the payload of a message");
    auto publish = new_request(MessageRequest::Kind::publish);
    if (publish == nullptr) return;
    publish->exchange = option("exchange");
    publish->routing_key = option("routing_key");
    for (const std::string& name : {publish->exchange, publish->routing_key})
      if (name.size() > core::limits::name_size_max)
        return fail(AdminFault::invalid, fmt::format("a name or key has {} bytes, at most {} fit",
                                                     name.size(), core::limits::name_size_max));
    if (std::string error =
            read_properties({option("properties", "{}"), option("headers")}, publish->properties);
        !error.empty())
      return fail(AdminFault::invalid, std::move(error));
    if (!read_payload(publish->body)) return;
    ask_messages(0, std::move(publish));
  }

 private:
  bool read_payload(std::string& body) {
    const std::string encoding = option("payload_encoding", "string");
    if (encoding == "string") {
      body = request().arguments[0];
      return true;
    }
    if (encoding != "base64") {
      fail(AdminFault::invalid,
           fmt::format("payload_encoding '{}': there are string and base64", encoding));
      return false;
    }
    std::optional<std::string> decoded = decode_base64(request().arguments[0]);
    if (!decoded) fail(AdminFault::invalid, "the payload is not base64");
    if (decoded) body = std::move(*decoded);
    return decoded.has_value();
  }
  void on_result(const MessageResult& result) override {
    if (result.is_refused)
      return fail(AdminFault::refused, "the message was refused: a queue that it reaches is full");
    done(result.is_routed ? "{\"routed\":true}" : "{\"routed\":false}");
  }
};

/// get QUEUE [count=..] [ack_mode=peek|ack|reject] [encoding=auto|base64] [truncate=BYTES]
class Get final : public MessageOperation {
 public:
  using MessageOperation::MessageOperation;
  void start() override {
    if (request().arguments.size() != 1) return fail(AdminFault::usage, "expected a queue's name");
    auto look = new_request(MessageRequest::Kind::get);
    if (look == nullptr || !read_options(*look)) return;
    const core::QueueInfo* queue = find_queue(request().arguments[0]);
    if (queue == nullptr) return;
    if (queue->parsed->queue_type == core::QueueType::stream)
      return fail(AdminFault::refused,
                  fmt::format("'{}' is a stream: its messages stay, and cannot be taken one by "
                              "one; `lepusctl tail` and the path browse of the HTTP API show them",
                              queue->name));
    look->queue = queue->name;
    ask_messages(queue->home, std::move(look));
  }

 private:
  bool read_options(MessageRequest& look) {
    using Settlement = MessageRequest::Settlement;
    const auto count = parse_number(option("count", "1"));
    if (!count || *count == 0 || *count > core::limits::job_gets_max) {
      fail(AdminFault::invalid,
           fmt::format("count: expected a number from 1 to {}", core::limits::job_gets_max));
      return false;
    }
    look.count_max = static_cast<std::uint32_t>(*count);
    const std::string mode = option("ack_mode", "peek");
    if (mode == "ack") look.settlement = Settlement::ack;
    if (mode == "reject") look.settlement = Settlement::reject;
    if (mode != "peek" && mode != "ack" && mode != "reject") {
      fail(AdminFault::invalid, "ack_mode: expected peek, ack or reject");
      return false;
    }
    const std::string encoding = option("encoding", "auto");
    is_base64_ = encoding == "base64";
    if (!is_base64_ && encoding != "auto") {
      fail(AdminFault::invalid, "encoding: expected auto or base64");
      return false;
    }
    if (!request().has("truncate")) return true;
    const auto size_max = parse_number(option("truncate"));
    if (!size_max) fail(AdminFault::invalid, "truncate: expected a number of bytes");
    if (size_max) look.body_size_max = *size_max;
    return size_max.has_value();
  }
  void on_result(const MessageResult& result) override {
    for (const core::ShownMessage& message : result.messages) {
      JsonWriter json;
      json.begin_array();
      json.begin_array();
      for (const Column<MessageRow>& column : columns_of<MessageRow>())
        column.write({message, is_base64_}, json);
      json.end_array();
      json.end_array();
      sink().on_rows(json.take());
    }
    JsonWriter json;
    json.begin_object();
    json.field("count", result.messages.size());
    if (result.is_limited) {
      json.key("warnings");
      json.begin_array();
      json.text(
          fmt::format("only {} messages are shown: an answer has at most {} bytes of them; "
                      "--truncate shows less of each",
                      result.messages.size(), core::limits::job_bytes_max));
      json.end_array();
    }
    json.end_object();
    done(json.take());
  }

  bool is_base64_ = false;
};

}  // namespace

OperationMaker find_message_operation(std::string_view verb) {
  if (verb == "publish") return make_operation<Publish>;
  if (verb == "get") return make_operation<Get>;
  return nullptr;
}

}  // namespace lepus::server
