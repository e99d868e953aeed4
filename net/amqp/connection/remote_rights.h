// The rights of a connection's user where a service outside of the broker gives them: answers that
// the shard remembers, and the question that has to be asked.
//
//   judge() -> unknown -> ask() -> (later) on_answer() -> the method is done again: judge() knows
//
// Until the method is done (forget()), its own answers count, however old they get and also those
// that are not to be remembered: each time it is done again it comes further.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/access/auth_port.h"
#include "net/amqp/connection/auth_asker.h"
#include "net/amqp/connection/connection_rights.h"
#include "net/amqp/connection/facts.h"

namespace lepus::amqp {

class RemoteRights final : public ConnectionRights {
 public:
  struct Parts {
    Services& services;
    const ConnectionFacts& facts;
    AuthAsker& asker;
  };
  /// `tags` came with the login.
  RemoteRights(const Parts& parts, std::vector<std::string> tags)
      : parts_(parts), tags_(std::move(tags)) {}

  core::Verdict judge_vhost(std::string_view vhost) override;
  core::Verdict judge(const core::AccessQuestion& question) override;
  core::Verdict judge(const core::TopicQuestion& question) override;
  bool has_tag(std::string_view tag) const override;

  [[nodiscard]] bool ask(std::uint16_t channel) override;
  std::uint16_t on_answer(const core::AuthAnswer& answer) override;
  void forget() override;

 private:
  struct Answered {
    std::string key;
    bool is_allowed;
  };
  core::AuthQuestion new_question(core::AuthQuestion::Kind kind) const;
  core::Verdict decide(core::AuthQuestion&& question);

  Parts parts_;
  std::vector<std::string> tags_;
  std::optional<core::AuthQuestion> wanted_;  ///< Unknown, and not asked yet.
  std::string wanted_key_;                    ///< Also while the answer is awaited.
  std::uint16_t channel_ = 0;                 ///< It is awaited for.
  std::vector<Answered> answered_;            ///< For this method.
};

}  // namespace lepus::amqp
