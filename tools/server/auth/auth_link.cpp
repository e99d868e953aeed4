// See auth_link.h.
#include "tools/server/auth/auth_link.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/limits.h"
#include "tools/server/auth/auth_thread.h"

namespace lepus::server {

AuthLink::AuthLink(AuthThread& thread, io::Loop& loop) : thread_(thread), event_(loop) {
  event_.bind<&AuthLink::on_notified>(this);
}

bool AuthLink::ask(core::AuthQuestion&& question) {
  CHECK(listener_ != nullptr);
  return !is_closed_ && thread_.submit({this, std::move(question)});
}

void AuthLink::close() {
  is_closed_ = true;
  event_.stop();
}

void AuthLink::deliver(core::AuthAnswer&& answer) {
  {
    const std::lock_guard lock{mutex_};
    answers_.push_back(std::move(answer));
  }
  event_.notify();
}

/// So many a turn; the others in the next.
void AuthLink::on_notified() {
  std::vector<core::AuthAnswer> taken;
  bool is_all = true;
  {
    const std::lock_guard lock{mutex_};
    is_all = answers_.size() <= core::limits::mailbox_drain_max;
    const auto count =
        static_cast<std::ptrdiff_t>(std::min(answers_.size(), core::limits::mailbox_drain_max));
    taken.assign(std::move_iterator{answers_.begin()},
                 std::move_iterator{answers_.begin() + count});
    answers_.erase(answers_.begin(), answers_.begin() + count);
  }
  for (core::AuthAnswer& answer : taken)
    if (!is_closed_) listener_->on_auth_answer(std::move(answer));
  if (!is_all) event_.notify();
}

}  // namespace lepus::server
