// Structure (pages, indexes, types, references) is checked by SQLite, meaning by the reader: every
// row is judged before it becomes a change. The order of the tables makes the order of the changes.
#include "persist/catalog/catalog_load.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include "core/exchange/headers.h"
#include "core/limits.h"
#include "core/message/field_table.h"
#include "core/topology/binding.h"
#include "core/topology/exchange_store.h"

namespace lepus::persist {

namespace {

/// No shard has this number; homes of any number of shards are below.
constexpr core::ShardId no_shard = UINT16_MAX;

struct IdentityHash {
  using is_avalanching = void;
  std::size_t operator()(const core::BindingIdentity& identity) const { return identity.hash; }
};
struct SameIdentity {
  bool operator()(const core::BindingIdentity& left, const core::BindingIdentity& right) const {
    return core::same_identity(left, right);
  }
};

/// One run over the file. A step that finds something wrong leaves it in error() and the rest is
/// left out.
class Reader {
 public:
  Reader(Database& database, std::vector<core::TopologyChange>& changes)
      : database_(database), changes_(changes) {
    CHECK(changes_.empty());
  }

  void check_file();
  void read_vhosts();
  void read_exchanges();
  void read_queues();
  void read_stores();
  void read_bindings();
  void check_bindings();
  std::string take_error() { return std::move(error_); }

 private:
  enum class Kind : std::uint8_t { vhost, exchange, queue };  ///< A store is a queue.
  struct Exchange {
    core::ExchangeSpec spec;
    core::ExchangeArguments parsed;
    bool has_store = false;
  };

  template <class Visit>
  void each_row(std::string_view select, Visit visit);
  void refuse(std::string reason) {
    if (error_.empty()) error_ = database_.complain(reason);
  }
  bool is_table(std::string_view arguments, std::string_view title);
  bool fits(std::string_view name, const std::string& title);
  bool is_new(Kind kind, std::int64_t id, const std::string& title);
  bool is_new_name(core::VhostId vhost, std::string_view name, std::string_view kind);
  bool is_of_vhost(std::int64_t vhost, const std::string& title);

  void on_exchange(const Statement& row);
  void on_queue(const Statement& row);
  void on_store(const Statement& row);
  void on_binding(const Statement& row);
  bool reads_ends(const Statement& row, core::BindingSpec& binding);

  Database& database_;
  std::vector<core::TopologyChange>& changes_;
  std::string error_;
  boost::unordered_flat_map<core::VhostId, std::string> vhosts_;
  boost::unordered_flat_map<core::ExchangeId, Exchange> exchanges_;
  boost::unordered_flat_map<core::QueueId, core::VhostId> queues_;
  std::array<boost::unordered_flat_set<std::int64_t>, 3> ids_;  ///< By Kind.
  boost::unordered_flat_set<std::string> names_;                ///< With kind and virtual host.
};

template <class Visit>
void Reader::each_row(std::string_view select, Visit visit) {
  if (!error_.empty()) return;
  Statement statement;
  error_ = database_.prepare(select, statement);
  if (!error_.empty()) return;
  while (error_.empty() && statement.next()) visit(statement);
  std::string trouble = statement.finish();
  if (error_.empty()) error_ = std::move(trouble);
}

void Reader::check_file() {
  each_row("PRAGMA integrity_check(1)", [this](const Statement& row) {
    if (row.text(0) != "ok")
      refuse(row.text(0).empty() ? "it is damaged" : std::string{row.text(0)});
  });
  each_row("PRAGMA foreign_key_check", [this](const Statement& row) {
    refuse(
        fmt::format("row {} of table {} refers to what is not there", row.number(1), row.text(0)));
  });
}

void Reader::read_vhosts() {
  each_row("SELECT id, name FROM vhosts ORDER BY id", [this](const Statement& row) {
    const std::int64_t id = row.number(0);
    if (id <= 0 || id > UINT32_MAX)
      return refuse(fmt::format("the id {} of vhost '{}' is out of range", id, row.text(1)));
    if (row.text(1).empty()) return refuse(fmt::format("the name of vhost {} is empty", id));
    if (!fits(row.text(1), fmt::format("the name of vhost {}", id))) return;
    const core::VhostId vhost{static_cast<std::uint32_t>(id)};
    std::string name{row.text(1)};
    if (!is_new(Kind::vhost, id, fmt::format("vhost {}", id)) ||
        !is_new_name({}, row.text(1), "vhost"))
      return;
    changes_.emplace_back(core::VhostAdded{vhost, name});
    vhosts_.emplace(vhost, std::move(name));
  });
}

void Reader::read_exchanges() {
  each_row(
      "SELECT id, vhost, name, type, auto_delete, internal, alternate, arguments FROM exchanges"
      " ORDER BY id",
      [this](const Statement& row) { on_exchange(row); });
}

void Reader::on_exchange(const Statement& row) {
  core::ExchangeSpec exchange;
  exchange.id = core::ExchangeId{static_cast<std::uint64_t>(row.number(0))};
  exchange.vhost = core::VhostId{static_cast<std::uint32_t>(row.number(1))};
  exchange.name = row.text(2);
  const std::string title = fmt::format("exchange '{}' (id {})", exchange.name, row.number(0));
  if (!is_new(Kind::exchange, row.number(0), title) || !is_of_vhost(row.number(1), title) ||
      !is_new_name(exchange.vhost, exchange.name, "exchange"))
    return;
  if (!fits(row.text(2), title + ": its name") ||
      !fits(row.text(6), title + ": the name of its alternate exchange"))
    return;
  const std::optional<core::ExchangeType> type = core::parse_exchange_type(row.text(3));
  if (!type) return refuse(fmt::format("{}: '{}' is no type", title, row.text(3)));
  exchange.type = *type;
  exchange.durable = true;
  exchange.auto_delete = row.number(4) != 0;
  exchange.internal = row.number(5) != 0;
  exchange.has_alternate = !row.is_null(6);
  exchange.alternate = row.text(6);
  exchange.arguments = row.bytes(7);
  if (!is_table(exchange.arguments, title)) return;
  core::Result<core::ExchangeArguments> parsed =
      core::parse_exchange_arguments(*type, core::as_bytes(exchange.arguments));
  if (!parsed.ok()) return refuse(title + ": " + parsed.error().detail);
  changes_.emplace_back(core::ExchangeAdded{exchange});
  exchanges_.emplace(exchange.id, Exchange{std::move(exchange), std::move(parsed.value()), false});
}

void Reader::read_queues() {
  each_row("SELECT id, vhost, name, home, auto_delete, arguments FROM queues ORDER BY id",
           [this](const Statement& row) { on_queue(row); });
}

void Reader::on_queue(const Statement& row) {
  core::QueueSpec queue;
  queue.id = core::QueueId{static_cast<std::uint64_t>(row.number(0))};
  queue.vhost = core::VhostId{static_cast<std::uint32_t>(row.number(1))};
  queue.name = row.text(2);
  const std::string title = fmt::format("queue '{}' (id {})", queue.name, row.number(0));
  if (!is_new(Kind::queue, row.number(0), title) || !is_of_vhost(row.number(1), title) ||
      !is_new_name(queue.vhost, queue.name, "queue"))
    return;
  if (queue.name.empty()) return refuse(title + ": its name is empty");
  if (!fits(queue.name, title + ": its name")) return;
  if (row.number(3) < 0 || row.number(3) >= no_shard)
    return refuse(fmt::format("{}: there is no shard {}", title, row.number(3)));
  queue.home = static_cast<core::ShardId>(row.number(3));
  queue.durable = true;
  queue.auto_delete = row.number(4) != 0;
  queue.arguments = row.bytes(5);
  if (!is_table(queue.arguments, title)) return;
  const core::QueueDescription description{.name = queue.name,
                                           .vhost = vhosts_.at(queue.vhost),
                                           .durable = true,
                                           .auto_delete = queue.auto_delete,
                                           .shard_count = no_shard};
  core::Result<core::QueueArguments> parsed =
      core::parse_queue_arguments(core::as_bytes(queue.arguments), description);
  if (!parsed.ok()) return refuse(title + ": " + parsed.error().detail);
  queue.parsed = std::move(parsed.value());
  queues_.emplace(queue.id, queue.vhost);
  changes_.emplace_back(core::QueueAdded{std::move(queue)});
}

void Reader::read_stores() {
  each_row("SELECT id, exchange, home FROM stores ORDER BY id",
           [this](const Statement& row) { on_store(row); });
}

void Reader::on_store(const Statement& row) {
  const std::string title = fmt::format("the store {}", row.number(0));
  if (!is_new(Kind::queue, row.number(0), title)) return;
  if (row.number(2) < 0 || row.number(2) >= no_shard)
    return refuse(fmt::format("{}: there is no shard {}", title, row.number(2)));
  const auto exchange =
      exchanges_.find(core::ExchangeId{static_cast<std::uint64_t>(row.number(1))});
  if (exchange == exchanges_.end()) return refuse(title + ": its exchange is not there");
  std::optional<core::QueueSpec> store =
      core::store_of(exchange->second.spec, exchange->second.parsed);
  if (!store)
    return refuse(fmt::format("{}: exchange '{}' has none", title, exchange->second.spec.name));
  if (std::exchange(exchange->second.has_store, true))
    return refuse(fmt::format("{}: exchange '{}' has two", title, exchange->second.spec.name));
  store->id = core::QueueId{static_cast<std::uint64_t>(row.number(0))};
  store->home = static_cast<core::ShardId>(row.number(2));
  changes_.emplace_back(core::QueueAdded{*std::move(store)});
}

void Reader::read_bindings() {
  each_row("SELECT id, source, queue, exchange, routing_key, arguments FROM bindings ORDER BY id",
           [this](const Statement& row) { on_binding(row); });
}

void Reader::on_binding(const Statement& row) {
  const std::string title = fmt::format("binding {}", row.number(0));
  core::BindingSpec binding;
  if (!reads_ends(row, binding)) return refuse(title + ": its ends do not fit");
  binding.key = row.text(4);
  if (!fits(binding.key, title + ": its routing key")) return;
  binding.arguments = row.bytes(5);
  if (!is_table(binding.arguments, title)) return;
  if (exchanges_.at(binding.source).parsed.routes_as == core::ExchangeType::headers) {
    if (const auto wrong = core::check_headers_arguments(core::as_bytes(binding.arguments)))
      return refuse(title + ": " + wrong->detail);
  }
  changes_.emplace_back(core::BindingAdded{std::move(binding)});
}

/// Both ends are there (references have been checked), in one virtual host, none the default
/// exchange.
bool Reader::reads_ends(const Statement& row, core::BindingSpec& binding) {
  binding.source = core::ExchangeId{static_cast<std::uint64_t>(row.number(1))};
  const auto source = exchanges_.find(binding.source);
  if (source == exchanges_.end() || source->second.spec.name.empty()) return false;
  if (row.is_null(2) == row.is_null(3)) return false;
  if (!row.is_null(2)) {
    binding.queue = core::QueueId{static_cast<std::uint64_t>(row.number(2))};
    const auto queue = queues_.find(binding.queue);
    return queue != queues_.end() && queue->second == source->second.spec.vhost;
  }
  binding.exchange = core::ExchangeId{static_cast<std::uint64_t>(row.number(3))};
  const auto target = exchanges_.find(binding.exchange);
  return target != exchanges_.end() && !target->second.spec.name.empty() &&
         target->second.spec.vhost == source->second.spec.vhost;
}

/// No binding twice; equal ones may differ in the order of their arguments.
void Reader::check_bindings() {
  if (!error_.empty()) return;
  boost::unordered_flat_set<core::BindingIdentity, IdentityHash, SameIdentity> found;
  for (const core::TopologyChange& change : changes_) {
    const auto* added = std::get_if<core::BindingAdded>(&change);
    if (added == nullptr || found.insert(core::identity_of(added->binding)).second) continue;
    refuse(fmt::format("the binding from exchange {} with key '{}' is there twice",
                       added->binding.source.value, added->binding.key));
  }
}

bool Reader::is_table(std::string_view arguments, std::string_view title) {
  const core::FieldTableFault fault = core::FieldTable::validate(core::as_bytes(arguments));
  if (!fault) return true;
  refuse(fmt::format("{}: its arguments: {}", title, fault.text()));
  return false;
}

/// Clients are told of it in a short string. False: it was refused.
bool Reader::fits(std::string_view name, const std::string& title) {
  constexpr std::size_t size_max = 255;
  if (name.size() <= size_max) return true;
  refuse(fmt::format("{} has {} bytes, more than {}", title, name.size(), size_max));
  return false;
}

/// SQLite sees to it as long as nobody changed the tables.
bool Reader::is_new(Kind kind, std::int64_t id, const std::string& title) {
  if (id <= 0 || static_cast<std::uint64_t>(id) > core::limits::object_id_max) {
    refuse(fmt::format("{}: its id is not from 1 to {}", title, core::limits::object_id_max));
    return false;
  }
  if (ids_[static_cast<std::size_t>(kind)].insert(id).second) return true;
  refuse(fmt::format("{}: the id {} is there twice", title, id));
  return false;
}

bool Reader::is_new_name(core::VhostId vhost, std::string_view name, std::string_view kind) {
  if (names_.insert(fmt::format("{} {} {}", kind, vhost.value, name)).second) return true;
  refuse(fmt::format("{} '{}' is there twice", kind, name));
  return false;
}

bool Reader::is_of_vhost(std::int64_t vhost, const std::string& title) {
  const bool is_there = vhost > 0 && vhost <= UINT32_MAX &&
                        vhosts_.contains(core::VhostId{static_cast<std::uint32_t>(vhost)});
  if (!is_there) refuse(fmt::format("{}: there is no vhost {}", title, vhost));
  return is_there;
}

}  // namespace

std::string load_definitions(Database& database, std::vector<core::TopologyChange>& changes) {
  Reader reader{database, changes};
  reader.check_file();
  reader.read_vhosts();
  reader.read_exchanges();
  reader.read_queues();
  reader.read_stores();
  reader.read_bindings();
  reader.check_bindings();
  return reader.take_error();
}

}  // namespace lepus::persist
