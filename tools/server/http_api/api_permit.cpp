// See api_permit.h.
#include "tools/server/http_api/api_permit.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "core/message/field_table.h"
#include "tools/server/config/config.h"

namespace lepus::server {

using core::Permission;
using core::ResourceKind;
using Kind = core::TopologyRequest::Kind;

namespace {

void add_forwarding(const core::TopologyRequest& request, bool is_queue,
                    std::vector<ApiPermission>& wanted) {
  const auto target = core::FieldTable{core::as_bytes(request.arguments)}.find(
      is_queue ? "x-dead-letter-exchange" : "alternate-exchange");
  if (!target || !target->is_string()) return;
  wanted.push_back(
      {Permission::read, is_queue ? ResourceKind::queue : ResourceKind::exchange, request.name});
  wanted.push_back({Permission::write, ResourceKind::exchange, std::string{target->text()}});
}

bool is_topic_exchange(const core::ExchangeInfo* exchange) {
  return exchange != nullptr && exchange->parsed.routes_as == core::ExchangeType::topic;
}

/// The default exchange has a rule of its own in the topology: nobody may change it.
std::vector<ApiPermission> permissions_to_bind(const ApiCall& call,
                                               const core::TopologyRequest& request,
                                               ResourceKind destination) {
  std::vector<ApiPermission> wanted = {{Permission::write, destination, request.name}};
  if (request.source.empty() || request.name.empty()) return wanted;
  wanted.push_back({Permission::read, ResourceKind::exchange, request.source});
  if (is_topic_exchange(call.topology().find_exchange(request.vhost, request.source)))
    wanted.push_back({Permission::read, ResourceKind::exchange, request.source, true, request.key});
  return wanted;
}

/// Whether it is allowed; nothing: a service has to be asked.
std::optional<bool> judge(const ApiCall& call, const ApiPermission& wanted) {
  const ApiUser& user = call.user();
  const std::string& vhost = call.capture("vhost");
  const core::AccessQuestion question{wanted.permission, wanted.kind, wanted.name};
  const core::TopicQuestion topic{wanted.permission, wanted.name, wanted.key};
  const core::Access& access = call.topology().access();
  switch (user.authority) {
    case core::AuthBackend::internal: {
      const core::Subject subject{user.name, vhost};
      if (!wanted.is_topic) return !core::check_access(access, subject, question);
      return !core::check_topic(access.find_topic(subject, wanted.name, wanted.permission), subject,
                                topic);
    }
    case core::AuthBackend::oauth2:
      return wanted.is_topic ? user.scopes->allow(vhost, topic)
                             : user.scopes->allow(vhost, question);
    case core::AuthBackend::http:
      break;
  }
  return std::nullopt;
}

/// Asks one question after the other. The first refusal ends it.
class Permit final : public ApiTask, private ApiAuthDesk::Asker {
 public:
  Permit(ApiCall& call, std::vector<ApiPermission> wanted, std::function<void(ApiCall&)> then)
      : call_(call), wanted_(std::move(wanted)), then_(std::move(then)) {}
  ~Permit() override { call_.place().auth.forget(question_); }

  bool has_work() const override { return question_ == 0; }
  void work() override {
    for (; next_ < wanted_.size(); ++next_) {
      const std::optional<bool> known = look_up(wanted_[next_]);
      if (!known) return;
      if (!*known) return call_.not_authorised("Access refused.");
    }
    ApiCall& call = call_;
    const auto then = std::move(then_);
    then(call);
  }

 private:
  /// Nothing: the answer is awaited.
  std::optional<bool> look_up(const ApiPermission& wanted) {
    if (const std::optional<bool> known = judge(call_, wanted)) return known;
    if (answer_) return *std::exchange(answer_, std::nullopt);
    core::AuthQuestion question = make_question(wanted);
    key_ = core::auth_cache_key(question);
    if (const auto kept = call_.place().auth.cache().find(key_, call_.place().loop.now()))
      return kept;
    question_ = call_.place().auth.ask(std::move(question), *this);
    if (question_ == 0) return false;
    return std::nullopt;
  }
  core::AuthQuestion make_question(const ApiPermission& wanted) const {
    core::AuthQuestion question;
    question.kind =
        wanted.is_topic ? core::AuthQuestion::Kind::topic : core::AuthQuestion::Kind::resource;
    question.user = call_.user().name;
    question.tags = call_.user().tags;
    question.vhost = call_.capture("vhost");
    question.resource = wanted.kind;
    question.permission = wanted.permission;
    question.name = core::name_of({wanted.permission, wanted.kind, wanted.name});
    question.routing_key = wanted.key;
    return question;
  }
  void on_auth_answer(const core::AuthAnswer& answer) override {
    question_ = 0;
    ApiPlace& place = call_.place();
    answer_ = place.auth.keep(key_, answer, place.host.config().auth, place.loop.now());
  }

  ApiCall& call_;
  std::vector<ApiPermission> wanted_;
  std::function<void(ApiCall&)> then_;
  std::size_t next_ = 0;
  std::uint64_t question_ = 0;  ///< That waits for its answer; 0: none.
  std::string key_;             ///< Under which that one is kept.
  std::optional<bool> answer_;  ///< To the one at next_.
};

}  // namespace

std::vector<ApiPermission> permissions_of(const ApiCall& call,
                                          const core::TopologyRequest& request) {
  switch (request.kind) {
    case Kind::declare_queue:
    case Kind::declare_exchange: {
      const bool is_queue = request.kind == Kind::declare_queue;
      if (!is_queue && request.name.empty()) return {};
      std::vector<ApiPermission> wanted = {{Permission::configure,
                                            is_queue ? ResourceKind::queue : ResourceKind::exchange,
                                            request.name}};
      const bool exists =
          is_queue ? call.topology().find_queue(request.vhost, request.name) != nullptr
                   : call.topology().find_exchange(request.vhost, request.name) != nullptr;
      if (!exists) add_forwarding(request, is_queue, wanted);
      return wanted;
    }
    case Kind::delete_exchange:
      if (!core::is_deletable_name(request.name)) return {};
      return {{Permission::configure, ResourceKind::exchange, request.name}};
    case Kind::bind_queue:
    case Kind::unbind_queue:
      return permissions_to_bind(call, request, ResourceKind::queue);
    case Kind::bind_exchange:
    case Kind::unbind_exchange:
      return permissions_to_bind(call, request, ResourceKind::exchange);
    case Kind::delete_queue:
    case Kind::connection_closed:
    case Kind::add_vhost:
    case Kind::delete_vhost:
      break;
  }
  constexpr bool is_asked_by_calls = false;
  CHECK(is_asked_by_calls);
  return {};
}

std::vector<ApiPermission> permissions_to_publish(const ApiCall& call, const std::string& exchange,
                                                  const std::vector<std::string>& keys) {
  std::vector<ApiPermission> wanted = {{Permission::write, ResourceKind::exchange, exchange}};
  if (!is_topic_exchange(call.topology().find_exchange(call.vhost()->id, exchange))) return wanted;
  for (const std::string& key : keys)
    wanted.push_back({Permission::write, ResourceKind::exchange, exchange, true, key});
  return wanted;
}

void permit(ApiCall& call, std::vector<ApiPermission> wanted, std::function<void(ApiCall&)> then) {
  auto task = std::make_unique<Permit>(call, std::move(wanted), std::move(then));
  Permit& begun = *task;
  call.run(std::move(task));
  begun.work();
}

}  // namespace lepus::server
