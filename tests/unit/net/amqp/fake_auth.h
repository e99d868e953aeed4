// A service outside of the broker that answers when the test says so.
#pragma once

#include <deque>
#include <string>
#include <utility>

#include "core/access/auth_port.h"

namespace lepus::amqp::test {

class FakeAuth final : public core::AuthPort {
 public:
  void set_listener(core::AuthListener& listener) override { listener_ = &listener; }
  [[nodiscard]] bool ask(core::AuthQuestion&& question) override {
    if (is_full) return false;
    questions.push_back(std::move(question));
    return true;
  }
  void close() override {}

  /// "user ann", "vhost ann /", "write exchange x", "read topic x key" of the oldest; "" for none.
  std::string next() const {
    using Kind = core::AuthQuestion::Kind;
    if (questions.empty()) return "";
    const core::AuthQuestion& one = questions.front();
    if (one.kind == Kind::user) return "user " + one.user + " " + one.password.value_or("-");
    if (one.kind == Kind::vhost) return "vhost " + one.user + " " + one.vhost;
    const std::string permission{core::permission_name(one.permission)};
    if (one.kind == Kind::topic) return permission + " topic " + one.name + " " + one.routing_key;
    const bool is_queue = one.resource == core::ResourceKind::queue;
    return permission + (is_queue ? " queue " : " exchange ") + one.name;
  }
  /// Answers the oldest.
  void answer(core::AuthAnswer::Kind kind, std::vector<std::string> tags = {}) {
    CHECK(!questions.empty());
    core::AuthAnswer made;
    made.ticket = questions.front().ticket;
    made.kind = kind;
    made.text = kind == core::AuthAnswer::Kind::allowed ? "" : "so it is";
    made.tags = std::move(tags);
    questions.pop_front();
    listener_->on_auth_answer(std::move(made));
  }
  void allow(std::vector<std::string> tags = {}) {
    answer(core::AuthAnswer::Kind::allowed, std::move(tags));
  }
  /// A token lets him in.
  void allow(core::AuthToken token, std::vector<std::string> tags = {}) {
    CHECK(!questions.empty());
    core::AuthAnswer made;
    made.ticket = questions.front().ticket;
    made.kind = core::AuthAnswer::Kind::allowed;
    made.tags = std::move(tags);
    made.token = std::move(token);
    questions.pop_front();
    listener_->on_auth_answer(std::move(made));
  }
  void refuse() { answer(core::AuthAnswer::Kind::refused); }
  void fail() { answer(core::AuthAnswer::Kind::failed); }

  std::deque<core::AuthQuestion> questions;
  bool is_full = false;

 private:
  core::AuthListener* listener_ = nullptr;
};

}  // namespace lepus::amqp::test
