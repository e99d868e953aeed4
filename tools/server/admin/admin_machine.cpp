// What operators ask about the process and the machine it runs on. Secrets are not shown.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/topology/topology.h"
#include "io/interfaces.h"
#include "net/tls/openssl.h"
#include "tools/server/admin/admin_quick.h"
#include "tools/server/config/config.h"
#include "tools/server/config/config_value.h"

namespace lepus::server {

namespace {

// --- Memory

struct Unit {
  std::string_view name;
  double bytes;
};
constexpr std::array units{Unit{"bytes", 1},           Unit{"kb", 1e3},
                           Unit{"kilobytes", 1e3},     Unit{"mb", 1e6},
                           Unit{"megabytes", 1e6},     Unit{"gb", 1e9},
                           Unit{"gigabytes", 1e9},     Unit{"tb", 1e12},
                           Unit{"terabytes", 1e12},    Unit{"kib", 1 << 10},
                           Unit{"mib", 1 << 20},       Unit{"gib", 1 << 30},
                           Unit{"kibibytes", 1 << 10}, Unit{"mebibytes", 1 << 20},
                           Unit{"gibibytes", 1 << 30}};

const Unit* find_unit(std::string_view given) {
  std::string name{given};
  for (char& letter : name)
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  const auto found =
      std::find_if(units.begin(), units.end(), [&](const Unit& unit) { return unit.name == name; });
  return found == units.end() ? nullptr : &*found;
}

/// memory_breakdown [unit=..]: what is accounted for, and the rest of what the process occupies:
/// its code, threads, buffers of the kernel's rings, memory that is free for the next use.
QuickAnswer memory_breakdown(const QuickPlace& place) {
  const std::string_view name = place.option("unit").empty() ? "gigabytes" : place.option("unit");
  const Unit* unit = find_unit(name);
  if (unit == nullptr)
    return quick_error(
        AdminFault::usage,
        fmt::format("there is no unit '{}': bytes, KB, MB, GB, TB, KiB, MiB, GiB", name));
  const AdminHost::Facts facts = place.host.facts();
  std::vector<std::pair<std::string_view, std::uint64_t>> parts;
  std::uint64_t accounted = 0;
  for (std::size_t i = 0; i < memory_part_count; ++i) {
    parts.emplace_back(memory_part_names[i], facts.memory_parts[i]);
    accounted += facts.memory_parts[i];
  }
  const std::uint64_t total = std::max(facts.resident_bytes, accounted);
  parts.emplace_back("other", total - accounted);
  std::stable_sort(parts.begin(), parts.end(),
                   [](const auto& left, const auto& right) { return left.second > right.second; });
  parts.emplace_back("total", total);
  QuickTable table{{"name", std::string{unit->name}, "percentage"}, {}, {1, 2}};
  for (const auto& [part, bytes] : parts) {
    const double percentage =
        total == 0 ? 0 : 100.0 * static_cast<double>(bytes) / static_cast<double>(total);
    table.rows.push_back({std::string{part},
                          unit->bytes == 1
                              ? std::to_string(bytes)
                              : fmt::format("{:.4f}", static_cast<double>(bytes) / unit->bytes),
                          fmt::format("{:.2f}", percentage)});
  }
  return quick_table(std::move(table));
}

// --- The process

bool is_secret(std::string_view name) {
  std::string lower{name};
  for (char& letter : lower)
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  constexpr std::array<std::string_view, 4> words{"pass", "secret", "cookie", "token"};
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

/// "default_pass=guest": the value of a secret is masked.
std::string masked(std::string_view setting) {
  const std::size_t equals = setting.find('=');
  if (equals == std::string_view::npos || !is_secret(setting.substr(0, equals)))
    return std::string{setting};
  return fmt::format("{}=********", setting.substr(0, equals));
}

QuickAnswer command_line_arguments(const QuickPlace&) {
  std::ifstream file{"/proc/self/cmdline", std::ios::binary};
  std::string word;
  std::vector<std::string> words;
  while (std::getline(file, word, '\0')) words.push_back(masked(word));
  if (words.empty()) return quick_error(AdminFault::unavailable, "cannot read /proc/self/cmdline");
  return {fmt::format("{}", fmt::join(words, " "))};
}

/// Those that are about brokers: anything may be in the others.
QuickAnswer os_env(const QuickPlace&) {
  QuickTable table{{"name", "value"}, {}};
  for (char** cursor = environ; *cursor != nullptr; ++cursor) {
    const std::string entry = masked(*cursor);
    const std::size_t equals = entry.find('=');
    const bool is_ours = entry.starts_with("LEPUS_") || entry.starts_with("RABBITMQ_");
    if (is_ours && equals != std::string::npos)
      table.rows.push_back({entry.substr(0, equals), entry.substr(equals + 1)});
  }
  std::sort(table.rows.begin(), table.rows.end());
  return quick_table(std::move(table));
}

QuickAnswer list_network_interfaces(const QuickPlace& place) {
  const bool is_offline = place.request.has("offline");
  QuickTable table{{"name", "state", "family", "address", "netmask"}, {}};
  for (const io::InterfaceAddress& one : io::interface_addresses())
    if (one.is_up != is_offline)
      table.rows.push_back(
          {one.name, one.is_up ? "up" : "down", one.family, one.address, one.netmask});
  return quick_table(std::move(table));
}

/// There is none, which is what scripts that ask have to know.
QuickAnswer erlang_version(const QuickPlace&) {
  return {"none: Lepus is not written in Erlang and needs no runtime of it"};
}

QuickAnswer rotate_logs(const QuickPlace& place) {
  if (std::string error = place.host.reopen_log(); !error.empty())
    return quick_error(AdminFault::unavailable, std::move(error));
  return {"The log file is open under its name"};
}

QuickAnswer auth_attempt_stats(const QuickPlace& place) {
  const core::LoginCounts counts = place.host.facts().logins;
  return quick_table({{"protocol", "auth_attempts", "auth_attempts_failed",
                       "auth_attempts_succeeded", "auth_attempts_blocked"},
                      {{"amqp091", std::to_string(counts.attempts), std::to_string(counts.failed),
                        std::to_string(counts.succeeded), std::to_string(counts.blocked)}},
                      {1, 2, 3, 4}});
}

// --- TLS

/// A line for each certificate with fewer days left; none where nobody speaks TLS.
std::string expiring_within(const TlsSetup& setup, std::int64_t days, std::int64_t now_s) {
  std::string lines;
  if (!setup.context) return lines;
  for (const net::TlsContext::Certificate& one : setup.context->certificates())
    if (const std::int64_t left = days_left(one, now_s); left < days)
      lines += fmt::format("\n{}.{} = {}: {} ({} days left)", setup.keys, one.option, one.file,
                           one.validity, left);
  return lines;
}

QuickAnswer check_certificate_expiration(const QuickPlace& place) {
  struct Span {
    std::string_view name;
    std::uint64_t days;
  };
  constexpr std::array spans{Span{"days", 1}, Span{"weeks", 7}, Span{"months", 30},
                             Span{"years", 365}};
  const std::string_view unit = place.option("unit").empty() ? "weeks" : place.option("unit");
  const auto span =
      std::find_if(spans.begin(), spans.end(), [&](const Span& one) { return one.name == unit; });
  const auto within = parse_number(place.option("within"));
  constexpr std::uint64_t within_max = 100'000;
  if (span == spans.end())
    return quick_error(AdminFault::usage,
                       fmt::format("there is no unit '{}': days, weeks, months, years", unit));
  if (!within || *within == 0 || *within > within_max)
    return quick_error(AdminFault::usage,
                       "expected --within and a number above 0, of --unit (weeks)");
  const std::int64_t now_s = place.broker.wall_now() / core::nanos_per_s;
  const auto days = static_cast<std::int64_t>(*within * span->days);
  bool is_spoken = false;
  std::string expiring;
  for (const TlsSetup* setup : place.host.all_tls()) {
    is_spoken = is_spoken || setup->context.has_value();
    expiring += expiring_within(*setup, days, now_s);
  }
  if (!is_spoken) return {fmt::format("No listener of node {} speaks TLS", place.node)};
  if (!expiring.empty())
    return quick_error(AdminFault::unavailable,
                       fmt::format("Certificates of node {} expire within {} {}:{}", place.node,
                                   *within, unit, expiring));
  return {fmt::format("No certificates of node {} expire within {} {}", place.node, *within, unit)};
}

/// Of the TLS listeners, or what they would have with this configuration.
QuickAnswer tls_versions(const QuickPlace& place) {
  const net::TlsOptions& options = place.host.config().tls.options;
  std::vector<std::string_view> versions;
  if (options.has_tls13) versions.emplace_back("tlsv1.3");
  if (options.has_tls12) versions.emplace_back("tlsv1.2");
  return {fmt::format("{}", fmt::join(versions, "\n"))};
}

using CipherStack = std::unique_ptr<STACK_OF(SSL_CIPHER), void (*)(STACK_OF(SSL_CIPHER)*)>;

/// cipher_suites [format=openssl|iana]: those of the TLS listeners; without one, OpenSSL's default.
QuickAnswer cipher_suites(const QuickPlace& place) {
  const std::string_view format =
      place.option("format").empty() ? "openssl" : place.option("format");
  if (format != "openssl" && format != "iana")
    return quick_error(AdminFault::usage,
                       fmt::format("there is no format '{}': openssl and iana are", format));
  const auto& context = place.host.tls().context;
  const net::SslCtxPtr preset{context ? nullptr : SSL_CTX_new(TLS_server_method())};
  const net::SslPtr ssl{SSL_new(context ? context->get() : preset.get())};
  if (ssl == nullptr) return quick_error(AdminFault::internal, "OpenSSL lists no cipher suites");
  const CipherStack ciphers{SSL_get1_supported_ciphers(ssl.get()),
                            [](STACK_OF(SSL_CIPHER) * stack) { sk_SSL_CIPHER_free(stack); }};
  std::vector<std::string_view> names;
  const int count = ciphers == nullptr ? 0 : sk_SSL_CIPHER_num(ciphers.get());
  for (int i = 0; i < count; ++i) {
    const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(ciphers.get(), i);
    const char* name =
        format == "iana" ? SSL_CIPHER_standard_name(cipher) : SSL_CIPHER_get_name(cipher);
    if (name != nullptr) names.emplace_back(name);
  }
  return {fmt::format("{}", fmt::join(names, "\n"))};
}

// --- Policies

/// list_policies_that_match [object_type=queue|exchange] NAME: as it would be for one of this name,
/// whether it is there or not. The first one counts. A queue that is not there is a classic one.
QuickAnswer list_policies_that_match(const QuickPlace& place) {
  const std::string_view kind =
      place.option("object_type").empty() ? "queue" : place.option("object_type");
  if (kind != "queue" && kind != "exchange")
    return quick_error(AdminFault::usage,
                       fmt::format("'{}' is no type of object: queue, exchange", kind));
  const core::Topology& topology = place.broker.topology();
  const core::VhostInfo* vhost = topology.find_vhost(place.request.vhost);
  if (vhost == nullptr)
    return quick_error(AdminFault::not_found,
                       fmt::format("Virtual host '{}' does not exist", place.request.vhost));
  const std::string& name = place.request.arguments[0];
  const core::QueueInfo* queue = topology.find_queue(vhost->id, name);
  const core::QueueType type =
      queue == nullptr ? core::QueueType::classic : queue->parsed->queue_type;
  QuickTable table{{"vhost", "name", "pattern", "apply-to", "definition", "priority"}, {}, {5}};
  for (const auto& policy : vhost->policies.all()) {
    const bool is_match =
        kind == "queue" ? policy->applies_to_queue(name, type) : policy->applies_to_exchange(name);
    if (!is_match) continue;
    const core::PolicySpec& spec = policy->spec;
    table.rows.push_back({spec.vhost, spec.name, spec.pattern,
                          std::string{core::policy_target_name(spec.target)}, spec.json,
                          std::to_string(spec.priority)});
  }
  return quick_table(std::move(table));
}

constexpr std::array machine_table{
    QuickVerb{"bypass_status", 0, 0, bypass_status},
    QuickVerb{"check_certificate_expiration", 0, 0, check_certificate_expiration},
    QuickVerb{"cipher_suites", 0, 0, cipher_suites},
    QuickVerb{"command_line_arguments", 0, 0, command_line_arguments},
    QuickVerb{"erlang_version", 0, 0, erlang_version},
    QuickVerb{"list_network_interfaces", 0, 0, list_network_interfaces},
    QuickVerb{"list_node_auth_attempt_stats", 0, 0, auth_attempt_stats},
    QuickVerb{"list_policies_that_match", 1, 1, list_policies_that_match},
    QuickVerb{"memory_breakdown", 0, 0, memory_breakdown},
    QuickVerb{"os_env", 0, 0, os_env},
    QuickVerb{"rotate_logs", 0, 0, rotate_logs},
    QuickVerb{"tls_versions", 0, 0, tls_versions},
};

}  // namespace

std::span<const QuickVerb> machine_verbs() { return machine_table; }

}  // namespace lepus::server
