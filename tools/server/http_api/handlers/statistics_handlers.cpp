// Paths that show what is there with its statistics: queues, exchanges, connections, channels and
// consumers.
#include <memory>
#include <utility>
#include <vector>

#include "tools/server/http_api/api_listing.h"
#include "tools/server/http_api/fresh_samples.h"
#include "tools/server/http_api/handlers/families.h"
#include "tools/server/http_api/objects/call_context.h"
#include "tools/server/http_api/objects/kinds.h"

namespace lepus::server {

namespace {

/// The virtual hosts of a list: the one of the path, or all that the user may see.
std::vector<const core::VhostInfo*> listed_vhosts(const ApiCall& call) {
  if (call.has_capture("vhost")) return {call.vhost()};
  return visible_vhosts(call);
}

// --- Queues

void list_queues(ApiCall& call) {
  std::vector<QueueKind::Id> ids;
  for (const core::VhostInfo* vhost : listed_vhosts(call))
    for (const core::QueueInfo* queue : call.topology().queues(vhost->id)) ids.emplace_back(*queue);
  reply_list(call, QueueKind{object_context(call)}, std::move(ids), {"vhost", "name"});
}

void show_queue(ApiCall& call) {
  const core::QueueInfo* queue =
      call.topology().find_queue(call.vhost()->id, call.capture("queue"));
  if (queue == nullptr) return call.not_found();
  JsonWriter json;
  write_queue_page(*queue, object_context(call), json);
  call.reply(json.take());
}

// --- Exchanges

void list_exchanges(ApiCall& call) {
  std::vector<core::ExchangeId> ids;
  for (const core::VhostInfo* vhost : listed_vhosts(call))
    for (const core::ExchangeInfo* exchange : call.topology().exchanges(vhost->id))
      ids.push_back(exchange->id);
  reply_list(call, ExchangeKind{object_context(call)}, std::move(ids), {"vhost", "name"});
}

void show_exchange(ApiCall& call) {
  const core::ExchangeInfo* exchange =
      call.topology().find_exchange(call.vhost()->id, exchange_name(call));
  if (exchange == nullptr) return call.not_found();
  JsonWriter json;
  write_exchange_page(*exchange, object_context(call), json);
  call.reply(json.take());
}

// --- Connections

/// Of those that the user may see, the ones for which accepts(stats) is true.
template <class F>
void reply_connections(ApiCall& call, F&& accepts) {
  std::vector<core::ConnectionId> ids;
  for (const auto& [id, sample] : call.place().sampler.store().connections())
    if (call.user().may_see_user(sample->stats.user) && accepts(sample->stats)) ids.push_back(id);
  reply_list(call, ConnectionKind{object_context(call)}, std::move(ids), {"vhost", "name"});
}

void list_connections(ApiCall& call) {
  reply_connections(call, [](const core::ConnectionStats&) { return true; });
}
void list_connections_of_vhost(ApiCall& call) {
  const std::string& vhost = call.capture("vhost");
  reply_connections(call, [&](const core::ConnectionStats& row) { return row.vhost == vhost; });
}
void list_connections_of_user(ApiCall& call) {
  const std::string& user = call.capture("username");
  reply_connections(call, [&](const core::ConnectionStats& row) { return row.user == user; });
}

/// Null: the call was answered.
const ConnectionSample* find_connection(ApiCall& call) {
  const ConnectionSample* sample =
      call.place().sampler.store().find_connection(call.capture("connection"));
  if (sample == nullptr) {
    call.not_found();
  } else if (!call.user().may_see_user(sample->stats.user)) {
    sample = nullptr;
    call.not_authorised("User not authorised to access object");
  }
  return sample;
}

void show_connection(ApiCall& call) {
  const ConnectionSample* sample = find_connection(call);
  if (sample == nullptr) return;
  JsonWriter json;
  write_connection(*sample, object_context(call), json);
  call.reply(json.take());
}

// --- Channels

template <class F>
void reply_channels(ApiCall& call, F&& accepts) {
  std::vector<ChannelKind::Id> ids;
  for (const auto& [key, sample] : call.place().sampler.store().channels())
    if (call.user().may_see_user(sample->stats.user) && accepts(sample->stats))
      ids.push_back({key, channel_name(sample->stats)});
  reply_list(call, ChannelKind{object_context(call)}, std::move(ids), {"vhost", "name"});
}

void list_channels(ApiCall& call) {
  reply_channels(call, [](const core::ChannelStats&) { return true; });
}
void list_channels_of_vhost(ApiCall& call) {
  const std::string& vhost = call.capture("vhost");
  reply_channels(call, [&](const core::ChannelStats& row) { return row.vhost == vhost; });
}
void list_channels_of_connection(ApiCall& call) {
  const ConnectionSample* sample = find_connection(call);
  if (sample == nullptr) return;
  const core::ConnectionId id = sample->stats.id;
  reply_channels(call, [&](const core::ChannelStats& row) { return row.connection == id; });
}

void show_channel(ApiCall& call) {
  for (const auto& [key, sample] : call.place().sampler.store().channels()) {
    if (channel_name(sample->stats) != call.capture("channel")) continue;
    if (!call.user().may_see_user(sample->stats.user))
      return call.not_authorised("User not authorised to access object");
    JsonWriter json;
    write_channel_page(*sample, object_context(call), json);
    return call.reply(json.take());
  }
  call.not_found();
}

// --- Consumers

void list_consumers(ApiCall& call) {
  std::vector<ConsumerKind::Id> ids;
  const std::vector<const core::VhostInfo*> vhosts = listed_vhosts(call);
  for (const auto& shard : call.place().sampler.store().consumers())
    for (const core::ConsumerStats& consumer : shard) {
      const core::QueueInfo* queue = call.topology().find_queue(consumer.queue);
      if (queue != nullptr && std::any_of(vhosts.begin(), vhosts.end(), [&](const auto* vhost) {
            return vhost->id == queue->vhost;
          }))
        ids.push_back(std::make_shared<core::ConsumerStats>(consumer));
    }
  reply_list(call, ConsumerKind{object_context(call)}, std::move(ids), {});
}

using R = ApiRight;
using V = ApiVhost;
constexpr ApiRoute statistics_list[] = {
    {"GET", "/queues", fresh<list_queues>},
    {"GET", "/queues/detailed", fresh<list_queues>},
    {"GET", "/queues/:vhost", fresh<list_queues>, R::management, V::visible},
    {"GET", "/queues/:vhost/:queue", fresh<show_queue>, R::management, V::visible},
    {"GET", "/exchanges", fresh<list_exchanges>},
    {"GET", "/exchanges/:vhost", fresh<list_exchanges>, R::management, V::visible},
    {"GET", "/exchanges/:vhost/:exchange", fresh<show_exchange>, R::management, V::visible},
    {"GET", "/connections", fresh<list_connections>},
    {"GET", "/connections/username/:username", fresh<list_connections_of_user>},
    {"GET", "/connections/:connection", fresh<show_connection>},
    {"GET", "/connections/:connection/channels", fresh<list_channels_of_connection>},
    {"GET", "/vhosts/:vhost/connections", fresh<list_connections_of_vhost>, R::management,
     V::visible},
    {"GET", "/channels", fresh<list_channels>},
    {"GET", "/channels/:channel", fresh<show_channel>},
    {"GET", "/vhosts/:vhost/channels", fresh<list_channels_of_vhost>, R::management, V::visible},
    {"GET", "/consumers", fresh<list_consumers>},
    {"GET", "/consumers/:vhost", fresh<list_consumers>, R::management, V::visible},
};

}  // namespace

std::span<const ApiRoute> api_statistics_routes() { return statistics_list; }

}  // namespace lepus::server
