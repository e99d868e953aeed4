// The stable ones of RabbitMQ 3.8 to 4.3. Those that only change how RabbitMQ stores or clusters
// something are in the list, too: tools wait until all of them are enabled.
#include "tools/server/admin/feature_flags.h"

#include <algorithm>
#include <array>

namespace lepus::server {

namespace {

constexpr std::array flags{
    FeatureFlag{"classic_mirrored_queue_version", "Versions of classic queues by policy"},
    FeatureFlag{"classic_queue_type_delivery_support", "Deliveries by the queue type"},
    FeatureFlag{"detailed_queues_endpoint", "A listing of queues with all details"},
    FeatureFlag{"direct_exchange_routing_v2", "Quick routing of direct exchanges"},
    FeatureFlag{"drop_unroutable_metric", "Counters of messages that reach no queue"},
    FeatureFlag{"empty_basic_get_metric", "Counters of basic.get on empty queues"},
    FeatureFlag{"feature_flags_v2", "Feature flags of the second kind"},
    FeatureFlag{"implicit_default_bindings", "Default bindings without records of their own"},
    FeatureFlag{"khepri_db", "Definitions in a store with transactions"},
    FeatureFlag{"listener_records_in_ets", "Listeners are known by each node itself"},
    FeatureFlag{"maintenance_mode_status", "Maintenance mode"},
    FeatureFlag{"message_containers", "Messages of any protocol in one form"},
    FeatureFlag{"message_containers_deaths_v2", "Dead letters remember each death"},
    FeatureFlag{"quorum_queue", "Queues of the type quorum"},
    FeatureFlag{"quorum_queue_non_voters", "Members of quorum queues that do not vote yet"},
    FeatureFlag{"rabbitmq_4.0.0", "Features of RabbitMQ 4.0"},
    FeatureFlag{"rabbitmq_4.1.0", "Features of RabbitMQ 4.1"},
    FeatureFlag{"rabbitmq_4.2.0", "Features of RabbitMQ 4.2"},
    FeatureFlag{"restart_streams", "Streams can be restarted"},
    FeatureFlag{"stream_filtering", "Filters of streams"},
    FeatureFlag{"stream_queue", "Queues of the type stream"},
    FeatureFlag{"stream_sac_coordinator_unblock_group", "Single active consumers go on"},
    FeatureFlag{"stream_single_active_consumer", "Single active consumers of streams"},
    FeatureFlag{"stream_update_config_command", "Streams follow policies that change"},
    FeatureFlag{"tracking_records_in_ets", "Connections are known by each node itself"},
    FeatureFlag{"user_limits", "Limits of users"},
    FeatureFlag{"virtual_host_metadata", "Descriptions and tags of virtual hosts"},
};

}  // namespace

std::span<const FeatureFlag> feature_flags() { return flags; }

const FeatureFlag* find_feature_flag(std::string_view name) {
  const auto found =
      std::find_if(flags.begin(), flags.end(), [&](const auto& flag) { return flag.name == name; });
  return found == flags.end() ? nullptr : &*found;
}

}  // namespace lepus::server
