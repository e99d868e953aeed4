// An operation that changes users, permissions, policies or parameters: changes of the same kind
// are asked for when no import is under way, and their answers counted.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/access/access_request.h"
#include "tools/server/admin/admin_operation.h"

namespace lepus::server {

inline AdminFault access_fault_of(core::AccessRefusal::Reason reason) {
  switch (reason) {
    case core::AccessRefusal::Reason::user_exists:
    case core::AccessRefusal::Reason::parameter_exists:
      return AdminFault::exists;
    case core::AccessRefusal::Reason::no_such_user:
      return AdminFault::no_user;
    case core::AccessRefusal::Reason::no_such_vhost:
    case core::AccessRefusal::Reason::no_such_policy:
    case core::AccessRefusal::Reason::no_such_parameter:
      return AdminFault::not_found;
    case core::AccessRefusal::Reason::vhost_protected:
      return AdminFault::refused;
    case core::AccessRefusal::Reason::bad_value:
      return AdminFault::invalid;
    case core::AccessRefusal::Reason::stopping:
    case core::AccessRefusal::Reason::not_stored:
      return AdminFault::unavailable;
  }
  CHECK(false);
  return AdminFault::internal;
}

class AccessChange : public AdminOperation {
 public:
  using AdminOperation::AdminOperation;
  bool has_work() const final { return !asked_.empty() && order().may_change(); }
  void work() final {
    for (core::AccessRequest& change : std::exchange(asked_, {})) {
      order().begin_change();
      ++answers_due_;
      broker().tell_control(AskAccess{
          number(), std::make_unique<core::AccessRequest>(std::move(change)), request().user});
    }
  }
  /// The first refusal is the answer.
  void on_access_done(const core::AccessRefusal* refusal) final {
    if (answers_due_ == 0) return AdminOperation::on_access_done(refusal);
    if (refusal != nullptr && !refusal_) refusal_ = *refusal;
    if (--answers_due_ > 0) return;
    if (refusal_) return fail(access_fault_of(refusal_->reason), refusal_->text);
    on_changed();
  }

 protected:
  void ask(core::AccessRequest change) { asked_.push_back(std::move(change)); }
  /// All of them are done.
  virtual void on_changed() { done("{}"); }

 private:
  std::vector<core::AccessRequest> asked_;  ///< Not sent yet.
  std::size_t answers_due_ = 0;
  std::optional<core::AccessRefusal> refusal_;
};

}  // namespace lepus::server
