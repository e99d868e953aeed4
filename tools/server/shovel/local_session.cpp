// See local_session.h.
#include "tools/server/shovel/local_session.h"

#include <fmt/format.h>

namespace lepus::server {

std::string LocalSession::open() {
  const core::VhostInfo* vhost = broker_.topology().find_vhost(end_.vhost);
  if (vhost == nullptr) return fmt::format("there is no virtual host '{}'", end_.vhost);
  core::SessionOwner owner;
  owner.user = core::operator_name;
  owner.vhost_name = end_.vhost;
  owner.vhost = vhost_ = vhost->id;
  owner.is_operator = end_.user.empty();
  if (!end_.user.empty()) {
    const core::UserInfo* user = broker_.topology().access().find_user(end_.user);
    if (user == nullptr) return fmt::format("there is no user '{}'", end_.user);
    owner.user = end_.user;
    owner.user_id = user->id;
  }
  session_ = std::make_unique<core::Session>(broker_, owner, core::Session::Ports{*this, this});
  session_->set_traced(vhost->is_traced);
  return {};
}

void LocalSession::close_session() {
  if (has_session()) session_->close(false);
}

LocalSession::~LocalSession() {
  if (session_ == nullptr) return;
  close_session();
  if (!is_closed_) session_->closing().finish();
  session_->detach();
}

core::Refusal LocalSession::declare_queue() {
  core::SessionRequests& requests = session_->requests();
  core::TopologyRequest request = requests.new_request(core::TopologyRequest::Kind::declare_queue);
  request.name = end_.queue.value_or("");
  request.durable = true;
  request.arguments = end_.queue_arguments;
  request.passive =
      end_.is_predeclared || broker_.topology().find_queue(vhost_, request.name) != nullptr;
  return requests.change_topology({}, request);
}

}  // namespace lepus::server
