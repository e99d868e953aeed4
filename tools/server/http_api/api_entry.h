// From the arrival of a call to its handler: who it is, and whether he may. The first task of a
// call whose path needs a user. A handler sees all that anybody was answered before the call came.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/server/http_api/api_call.h"
#include "tools/server/http_api/api_login.h"

namespace lepus::server {

class ApiEntry final : public ApiTask, private ApiLogin::Listener, private ApiAuthDesk::Asker {
 public:
  explicit ApiEntry(ApiCall& call) : call_(call), mark_(call.place().broker.mark()) {}
  ~ApiEntry() override;

  /// Once the call has this task. It may have answered the call when it returns.
  void start();
  bool has_work() const override {
    return is_due_ && (phase_ != Phase::entering || call_.place().broker.is_known(mark_));
  }
  void work() override;

 private:
  enum class Phase { logging_in, delaying, judging, entering };

  void on_login(ApiLogin::Outcome outcome) override;
  void on_auth_answer(const core::AuthAnswer& answer) override;
  void on_delay_over(io::Timer& timer);
  void challenge(std::string_view reason);
  bool collect_vhosts();
  bool ask_vhosts();
  void enter();

  ApiCall& call_;
  std::uint64_t mark_;  ///< What anybody was answered before the call came is known behind it.
  Phase phase_ = Phase::logging_in;
  std::optional<ApiLogin> login_;
  std::vector<core::AuthQuestion> questions_;  ///< About virtual hosts, not asked yet.
  std::string key_;                            ///< Of the one that waits.
  std::uint64_t question_ = 0;
  io::Timer timer_;
  bool is_due_ = false;
};

}  // namespace lepus::server
