// Routing by walking all bindings, and the things that fall with others.
#include "tests/sim/model.h"

#include <algorithm>

namespace lepus::sim {

namespace {

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  if (text.empty()) return words;
  for (;;) {
    const std::size_t dot = text.find('.');
    words.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return words;
    text.remove_prefix(dot + 1);
  }
}

using Words = std::vector<std::string_view>;

bool topic_matches(const Words& pattern, std::size_t p, const Words& key, std::size_t k) {
  if (p == pattern.size()) return k == key.size();
  if (pattern[p] == "#") {
    for (std::size_t skip = k; skip <= key.size(); ++skip)
      if (topic_matches(pattern, p + 1, key, skip)) return true;
    return false;
  }
  if (k == key.size()) return false;
  return (pattern[p] == "*" || pattern[p] == key[k]) && topic_matches(pattern, p + 1, key, k + 1);
}

/// One of its bindings gets the message; nobody here knows which.
bool chooses_one(const ExchangeModel& exchange) { return exchange.type.starts_with("x-"); }

bool headers_match(const BindingModel& binding, const Headers& headers) {
  const bool any = binding.match.starts_with("any");
  const bool with_x = binding.match.ends_with("-with-x");
  bool all = true;
  bool some = false;
  bool has_conditions = false;
  for (const auto& [name, value] : binding.headers) {
    if (!with_x && name.starts_with("x-")) continue;
    has_conditions = true;
    const auto found = headers.find(name);
    const bool equal = found != headers.end() && found->second == value;
    all = all && equal;
    some = some || equal;
  }
  return any ? has_conditions && some : all;
}

}  // namespace

Model::Model(Judge& judge) : judge_(judge) {
  const std::pair<const char*, const char*> predeclared[] = {
      {"", "direct"},         {"amq.direct", "direct"},   {"amq.fanout", "fanout"},
      {"amq.topic", "topic"}, {"amq.headers", "headers"}, {"amq.match", "headers"}};
  for (const auto& [name, type] : predeclared) {
    ExchangeModel& exchange = add_exchange(name, type);
    exchange.predeclared = exchange.durable = true;
    exchange.exists.set(Presence::present, 0);
  }
}

QueueModel& Model::add_queue(std::string name) {
  auto queue = std::make_unique<QueueModel>();
  queue->index = static_cast<std::uint32_t>(queues_.size());
  queue->wild = name.starts_with("w");
  queue->name = std::move(name);
  queues_.push_back(std::move(queue));
  return *queues_.back();
}

ExchangeModel& Model::add_exchange(std::string name, std::string type) {
  auto exchange = std::make_unique<ExchangeModel>();
  exchange->index = static_cast<std::uint32_t>(exchanges_.size());
  exchange->wild = name.starts_with("w");
  exchange->name = std::move(name);
  exchange->type = std::move(type);
  exchanges_.push_back(std::move(exchange));
  return *exchanges_.back();
}

BindingModel& Model::add_binding(const BindingModel& request) {
  for (const auto& old : bindings_) {
    if (old->source == request.source && old->to_queue == request.to_queue &&
        old->destination == request.destination && old->key == request.key &&
        old->headers == request.headers && old->match == request.match)
      return *old;
  }
  bindings_.push_back(std::make_unique<BindingModel>(request));
  bindings_.back()->index = static_cast<std::uint32_t>(bindings_.size() - 1);
  return *bindings_.back();
}

ExchangeModel* Model::find_exchange(std::string_view name) {
  for (const auto& exchange : exchanges_)
    if (exchange->name == name) return exchange.get();
  return nullptr;
}

QueueModel* Model::find_queue(std::string_view name) {
  for (const auto& queue : queues_)
    if (queue->name == name) return queue.get();
  return nullptr;
}

// ---- routing ----

bool Model::matches(const BindingModel& binding, const Addressed& message) const {
  const ExchangeModel& source = *exchanges_[binding.source];
  if (source.type == "fanout" || chooses_one(source)) return true;
  if (source.type == "headers") return headers_match(binding, message.headers);
  const auto key_matches = [&](const std::string& key) {
    if (source.type == "direct") return binding.key == key;
    return topic_matches(words_of(binding.key), 0, words_of(key), 0);
  };
  return key_matches(message.key) ||
         std::any_of(message.cc_keys.begin(), message.cc_keys.end(), key_matches);
}

bool Model::certain(const BindingModel& binding, Tick from) const {
  const Existence& target = binding.to_queue ? queues_[binding.destination]->exists
                                             : exchanges_[binding.destination]->exists;
  return binding.exists.surely_present(from) && target.surely_present(from) &&
         exchanges_[binding.source]->exists.surely_present(from);
}

bool Model::possible(const BindingModel& binding, Tick from) const {
  const Existence& target = binding.to_queue ? queues_[binding.destination]->exists
                                             : exchanges_[binding.destination]->exists;
  return !binding.exists.surely_absent(from) && !target.surely_absent(from) &&
         !exchanges_[binding.source]->exists.surely_absent(from);
}

struct Model::Walk {
  const Addressed& message;
  Tick from;
  std::set<std::uint32_t> seen;
  std::vector<const ExchangeModel*> ahead;
  std::set<std::uint32_t> queues;
};

/// `sure`: only what is certain counts; else whatever is possible.
void Model::visit(Walk& walk, const ExchangeModel& exchange, bool sure) const {
  bool certain_match = false;
  bool possible_match = false;
  const auto follow = [&](const ExchangeModel& next) {
    if (walk.seen.insert(next.index).second) walk.ahead.push_back(&next);
  };
  if (exchange.name.empty()) {
    std::vector<std::string> keys = walk.message.cc_keys;
    keys.push_back(walk.message.key);
    for (const auto& queue : queues_) {
      if (std::find(keys.begin(), keys.end(), queue->name) == keys.end()) continue;
      const bool taken =
          sure ? queue->exists.surely_present(walk.from) : !queue->exists.surely_absent(walk.from);
      if (taken || (queue->wild && !sure)) walk.queues.insert(queue->index);
    }
    return;
  }
  const auto competes = [&](const auto& binding) {
    return binding->source == exchange.index && possible(*binding, walk.from);
  };
  const bool is_open = sure && chooses_one(exchange) &&
                       std::count_if(bindings_.begin(), bindings_.end(), competes) > 1;
  for (const auto& binding : bindings_) {
    if (binding->source != exchange.index || !matches(*binding, walk.message)) continue;
    const bool is_certain = certain(*binding, walk.from) && !is_open;
    const bool is_possible = possible(*binding, walk.from);
    certain_match = certain_match || is_certain;
    possible_match = possible_match || is_possible;
    if (sure ? !is_certain : !is_possible) continue;
    if (binding->to_queue) {
      walk.queues.insert(binding->destination);
    } else {
      follow(*exchanges_[binding->destination]);
    }
  }
  if (exchange.alternate.empty() || (sure ? possible_match : certain_match)) return;
  for (const auto& other : exchanges_) {
    if (other->name != exchange.alternate) continue;
    const bool there =
        sure ? other->exists.surely_present(walk.from) : !other->exists.surely_absent(walk.from);
    if (there) follow(*other);
  }
}

Routing Model::route(const Addressed& message, Tick from) const {
  Routing routing;
  for (const bool sure : {true, false}) {
    Walk walk{message, from, {}, {}, {}};
    for (const auto& exchange : exchanges_) {
      if (exchange->name != message.exchange) continue;
      const bool there =
          sure ? exchange->exists.surely_present(from) : !exchange->exists.surely_absent(from);
      if (!there) continue;
      walk.seen.insert(exchange->index);
      walk.ahead.push_back(exchange.get());
    }
    for (std::size_t at = 0; at < walk.ahead.size(); ++at) visit(walk, *walk.ahead[at], sure);
    (sure ? routing.must : routing.may) = std::move(walk.queues);
  }
  return routing;
}

// ---- what falls with others ----

bool Model::has_bindings(const ExchangeModel& exchange) const {
  return std::any_of(bindings_.begin(), bindings_.end(), [&](const auto& binding) {
    return binding->source == exchange.index && binding->exists.state() != Presence::absent;
  });
}

/// True: its state changed, others may follow.
bool Model::update_auto_delete(ExchangeModel& exchange) {
  if (!exchange.auto_delete || exchange.exists.state() == Presence::absent) return false;
  if (exchange.changing || exchange.unclear) return false;
  bool some = false;
  bool maybe = false;
  for (const auto& binding : bindings_) {
    if (binding->source != exchange.index) continue;
    const Presence target = binding->to_queue ? queues_[binding->destination]->exists.state()
                                              : exchanges_[binding->destination]->exists.state();
    const Presence state = std::min(binding->exists.state(), target);
    some = some || state == Presence::present;
    maybe = maybe || state == Presence::maybe;
  }
  const Presence before = exchange.exists.state();
  if (some) {
    exchange.had_binding = true;
    exchange.exists.set(Presence::present, judge_.now());
  } else if (exchange.had_binding) {
    exchange.exists.set(maybe ? Presence::maybe : Presence::absent, judge_.now());
  } else if (maybe) {
    exchange.exists.set(Presence::maybe, judge_.now());
  }
  if (exchange.exists.state() == Presence::absent) {
    for (const auto& binding : bindings_)
      if (binding->source == exchange.index) binding->exists.set(Presence::absent, judge_.now());
  }
  return exchange.exists.state() != before;
}

void Model::update_auto_delete_exchanges() {
  bool changed = true;
  while (changed) {
    changed = false;
    for (const auto& exchange : exchanges_) changed |= update_auto_delete(*exchange);
  }
}

void Model::update_auto_delete_queue(QueueModel& queue, Tick sent) {
  if (!queue.auto_delete || queue.exists.state() == Presence::absent) return;
  if (queue.changing || queue.unclear || queue.rules.expires_ms > 0) return;
  bool all_gone = sent != 0;
  for (const auto& consumer : queue.consumers)
    all_gone = all_gone && consumer->active.state() == Presence::absent;
  queue.exists.set(all_gone ? Presence::absent : Presence::maybe, judge_.now());
  queue.unclear = queue.unclear || sent == 0;
  update_auto_delete_exchanges();
}

void Model::settle_deaths() {
  for (const auto& queue : queues_) {
    for (Trouble* trouble : {&queue->losses, &queue->disturbances}) {
      if (trouble->by_death == 0) continue;
      trouble->by_death = 0;
      trouble->until = judge_.now();
    }
    for (const auto& consumer : queue->consumers) {
      if (!consumer->orphan) continue;
      consumer->orphan = false;
      consumer->active.set(Presence::absent, judge_.now());
    }
  }
}

void Model::forget(QueueModel& queue) {
  queue.exists.set(Presence::absent, judge_.now());
  queue.copies.clear();
  queue.dead_owed.clear();
}

void Model::on_restart() {
  const Tick now = judge_.advance();
  for (const auto& queue : queues_) {
    queue->disturbances.until = now;  // Marks are made ahead: anything may be flagged.
    if (!queue->survives_restart() && !queue->wild) forget(*queue);
  }
  for (const auto& exchange : exchanges_) {
    if (exchange->wild || exchange->exists.state() == Presence::absent) continue;
    if (!exchange->durable) exchange->exists.set(Presence::absent, now);
    if (!exchange->durable || !exchange->auto_delete) continue;
    // The last of its bindings may have gone by the restart, which is no reason to go itself.
    exchange->unclear = true;
    exchange->exists.set(Presence::maybe, now);
  }
  for (const auto& binding : bindings_) {
    const ExchangeModel& source = *exchanges_[binding->source];
    const bool target_kept = binding->to_queue ? queues_[binding->destination]->survives_restart()
                                               : exchanges_[binding->destination]->durable;
    if (!source.wild && !(source.durable && target_kept))
      binding->exists.set(Presence::absent, now);
  }
  update_auto_delete_exchanges();
}

}  // namespace lepus::sim
