// What all connections and channels of one shard use: its broker, its loop, the operator's
// settings, the log, what counts connections, and sources of names and secrets.
//
// Owned by the shard's Server, outlives its connections. One thread uses it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/access/auth_cache.h"
#include "core/access/auth_port.h"
#include "core/access/login_guard.h"
#include "core/access/quota_counter.h"
#include "core/base/log.h"
#include "core/base/log_gate.h"
#include "core/base/random.h"
#include "core/base/secret_source.h"
#include "core/broker/broker.h"
#include "core/session/publish/confirms.h"
#include "io/loop.h"
#include "net/amqp/codec/protocol_header.h"
#include "net/amqp/settings.h"

namespace lepus::amqp {

class Services {
 public:
  struct Parts {
    core::Broker* broker;
    io::Loop* loop;
    const Settings* settings;
    core::Log* log;
    std::uint64_t seed;                  ///< For generated names.
    core::QuotaCounter* uses;            ///< Of all shards; null: limits hold for this one alone.
    core::SecretSource::Key secret_key;  ///< From the system's generator, but in tests.
    core::AuthPort* auth = nullptr;      ///< Null: there are no backends but the internal one.
    core::LoginGuard* logins = nullptr;  ///< Of all shards; null: this one counts for itself.
  };
  explicit Services(const Parts& parts);
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

  core::Broker& broker() { return *parts_.broker; }
  io::Loop& loop() { return *parts_.loop; }
  core::Nanos now() const { return parts_.loop->now(); }
  const Settings& settings() const { return *parts_.settings; }
  core::Log& log() { return *parts_.log; }
  core::QuotaCounter& uses() { return parts_.uses != nullptr ? *parts_.uses : own_uses_; }
  core::AuthPort* auth() { return parts_.auth; }
  core::AuthCache& auth_cache() { return auth_cache_; }
  core::LoginGuard& logins() { return parts_.logins != nullptr ? *parts_.logins : own_logins_; }
  /// Inside of the table of connection.start.
  core::Bytes server_properties() const { return core::as_bytes(server_properties_); }
  /// For lines about connections that sent nothing.
  core::LogGate& probe_gate() { return probe_gate_; }
  /// For lines about clients of other protocols.
  core::LogGate& foreign_gate(FirstBytes first) {
    return foreign_gates_[static_cast<std::size_t>(first)];
  }

  /// `settings` outlive this object, or the next call.
  void set_settings(const Settings& settings);

  /// Returns `prefix` ("amq.gen-", "amq.ctag-") and 22 characters of base64url.
  std::string generate_name(std::string_view prefix);
  /// For addresses of direct reply-to.
  std::uint64_t next_secret() { return secrets_.next(); }

  // Reused by whoever runs a handler; empty them first.
  std::vector<core::ConfirmWindow::Ack>& ack_scratch() { return ack_scratch_; }
  std::vector<std::uint8_t>& properties_scratch() { return properties_scratch_; }

 private:
  Parts parts_;
  std::string server_properties_;
  core::Random random_;
  core::SecretSource secrets_;
  core::LocalQuotaCounter own_uses_;
  core::LocalLoginGuard own_logins_;
  core::AuthCache auth_cache_;
  core::LogGate probe_gate_;
  std::array<core::LogGate, first_bytes_count> foreign_gates_;
  std::vector<core::ConfirmWindow::Ack> ack_scratch_;
  std::vector<std::uint8_t> properties_scratch_;
};

}  // namespace lepus::amqp
