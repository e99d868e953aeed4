// Somebody who changes users, permissions and virtual hosts while the broker works. What clients do
// is always allowed: each change makes shards ask again, close what is not there, and commit. An
// operator has a generator of his own, so clients do the same with him as without him.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "core/access/access_request.h"
#include "core/base/random.h"
#include "core/message/field_table_writer.h"
#include "tools/server/control.h"

namespace lepus::sim {

class Operator {
 public:
  explicit Operator(std::uint64_t seed) : random_(seed) {}

  /// Once a turn of the control thread; he goes home after a while.
  void work(server::Control& control) {
    if (left_ == 0 || !control.is_serving() || !random_.chance(10)) return;
    --left_;
    ++open_count_;
    control.change(next(), "test", [this](const std::optional<core::AccessRefusal>&) {
      CHECK(open_count_ > 0);
      --open_count_;
    });
  }
  bool is_answered() const { return open_count_ == 0; }

 private:
  core::AccessRequest next() {
    switch (random_.below(12)) {
      case 0:
        return core::AddUser{{"temp", "", "rabbit_password_hashing_sha256", {}, {}}};
      case 1:
        return core::DeleteUser{"temp"};
      case 2:
        return core::SetPermissions{{"guest", "/", ".*", random_.chance(50) ? "|.*" : ".*", ".*"}};
      case 3:
        return core::SetTopicPermissions{{"guest", "/", "amq.topic", ".*", "^"}};
      case 4:
        return core::ClearTopicPermissions{"guest", "/", {}};
      case 5:
        return core::AddVhost{"spare", {}, {}, {}};
      case 6:
        return core::DeleteVhost{"spare"};
      case 7:
        return core::SetPolicy{harmless_policy()};
      case 8:
        return core::ClearPolicy{"/", "all"};
      case 9:
        return core::SetTrace{"/", random_.chance(50)};
      case 10:
        return core::SetParameter{{"global", "", "p"}, std::to_string(random_.below(3))};
      default:
        return core::SetPermissions{{"temp", "spare", "^a", "^b", "^c"}};
    }
  }

  /// For every queue, and so large that it changes nothing.
  core::PolicySpec harmless_policy() {
    core::FieldTableWriter definition;
    definition.int64("max-length", 1'000'000 + static_cast<std::int64_t>(random_.below(5)));
    definition.int64("expires", 1'000'000'000);
    core::PolicySpec policy;
    policy.vhost = "/";
    policy.name = "all";
    policy.pattern = ".*";
    policy.target = core::PolicyTarget::queues;
    policy.definition = definition.take();
    return policy;
  }

  core::Random random_;
  std::uint32_t left_ = 25;
  std::uint32_t open_count_ = 0;  ///< Requests without an answer.
};

}  // namespace lepus::sim
