// What the admin thread tells a shard about one run of a shovel, and what the shard tells back.
// Plain data: names are resolved, connections to other brokers are made, JSON is read.
//
//   admin -> shard    StartShovel{ShovelOrder}, StopShovel
//   shard -> admin    ShovelReport ... the last one has `ended`
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/broker/message_request.h"
#include "core/limits/shovels.h"
#include "net/tls/tls_context.h"
#include "tools/server/shovel/owned_socket.h"

namespace lepus::server {

enum class ShovelAckMode : std::uint8_t {
  on_confirm,  ///< A message leaves the source when the target has confirmed it.
  on_publish,  ///< When it was published.
  no_ack       ///< When it was delivered.
};

/// Another broker.
struct ShovelPeer {
  OwnedSocket socket;
  std::optional<net::TlsContext> tls;  ///< Nothing: it is plain.
  std::string user;
  std::string password;
  bool uses_external = false;  ///< SASL EXTERNAL in place of PLAIN: the certificate is the login.
  std::uint16_t heartbeat_s = 10;
  std::uint16_t channel_max = 0;
};

/// Where messages come from or go to. Without a queue: an exchange; of a target without both, the
/// message's own.
struct ShovelEnd {
  std::unique_ptr<ShovelPeer> peer;  ///< Null: this broker.
  std::string uri;                   ///< Without secrets, for headers.
  std::string vhost;
  std::string user;  ///< Of this broker: whose permissions count; empty: an operator's.
  std::optional<std::string> queue;
  std::optional<std::string> exchange;
  std::optional<std::string> key;
  std::string queue_arguments;  ///< Inside of a field table.
  bool is_predeclared = false;  ///< The queue is not declared when it is missing.
};

/// Which messages are moved; others stay where they are. Empty: it does not matter.
struct ShovelFilter {
  std::string died_in;      ///< A queue that the first or last death names.
  std::string reason;       ///< Of that death.
  std::string routing_key;  ///< Of the message as it lies in the queue.
  std::string message_id;
  bool is_on() const {
    return !died_in.empty() || !reason.empty() || !routing_key.empty() || !message_id.empty();
  }
};

/// To the queue where a dead letter died, in place of a fixed target.
enum class ShovelOrigin : std::uint8_t { none, first_death, last_death };

struct ShovelChanges {
  bool adds_forward_headers = false;
  bool adds_timestamp = false;
  std::string publish_properties = std::string(2, '\0');  ///< Encoded; those set replace others.
  std::string cluster_name;                               ///< For the header x-shovelled.
};

struct ShovelOrder {
  std::uint32_t number = 0;  ///< Of this run; never used again.
  std::string vhost;
  std::string name;
  ShovelEnd source;
  ShovelEnd target;
  std::string consumer_arguments;  ///< Inside of a field table.
  std::uint32_t prefetch = core::limits::shovel_prefetch_default;
  ShovelAckMode ack_mode = ShovelAckMode::on_confirm;
  /// It ends after the messages that were there when it began, or after so many.
  bool ends_after_queue_length = false;
  std::optional<std::uint64_t> ends_after;
  std::uint64_t rate_max = 0;  ///< Messages a second; 0: no limit.
  ShovelFilter filter;
  ShovelOrigin origin = ShovelOrigin::none;
  ShovelChanges changes;

  /// Some messages stay where they are while others behind them are moved.
  bool may_skip() const { return filter.is_on() || origin != ShovelOrigin::none; }
};

/// How a run is; the numbers count from its beginning.
struct ShovelProgress {
  std::uint64_t forwarded = 0;  ///< Settled at the source.
  std::uint64_t skipped = 0;    ///< Left where they were: not meant, or with no place to go.
  std::uint64_t pending = 0;    ///< Came and are not published, or not confirmed.
  std::optional<std::uint64_t> remaining;  ///< Of one that ends by itself.
  bool is_blocked = false;                 ///< By an alarm or full output at the target.
  bool operator==(const ShovelProgress&) const = default;
};

struct ShovelReportRow {
  enum class Ended : std::uint8_t {
    no,
    done,     ///< Its messages are moved: the parameter goes.
    stopped,  ///< As it was told.
    failed    ///< It is to be tried again.
  };
  std::uint32_t number = 0;
  bool is_running = false;  ///< Both ends are ready.
  Ended ended = Ended::no;
  std::string why;  ///< It failed.
  ShovelProgress progress;
};

struct StartShovel {
  std::unique_ptr<ShovelOrder> order;
};
struct StopShovel {
  std::uint32_t number;
};
struct ShovelReport {
  std::unique_ptr<ShovelReportRow> row;
};

}  // namespace lepus::server
