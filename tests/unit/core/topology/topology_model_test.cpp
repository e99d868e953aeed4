// Random topologies against a model that is slow and obvious: names instead of ids, lists instead
// of tries, matching word by word. Each seed makes a history of declarations, bindings and
// removals; after every few steps messages with random keys and headers must reach exactly the
// queues the model names, each once, in master and replica alike.
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "core/base/random.h"
#include "core/message/field_table.h"
#include "tests/unit/core/topology/topology_world.h"

namespace lepus::core::test {
namespace {

using Words = std::vector<std::string>;

Words split(const std::string& text) {
  Words words;
  if (text.empty()) return words;
  words.emplace_back();
  for (const char letter : text) {
    if (letter == '.') {
      words.emplace_back();
    } else {
      words.back() += letter;
    }
  }
  return words;
}

bool topic_matches(const Words& pattern, const Words& key) {
  // reach[i]: the first i words of the key are matched by the pattern so far.
  std::vector<bool> reach(key.size() + 1, false);
  reach[0] = true;
  for (const std::string& word : pattern) {
    std::vector<bool> next(key.size() + 1, false);
    for (std::size_t at = 0; at <= key.size(); ++at) {
      if (word == "#") {
        next[at] = reach[at] || (at > 0 && next[at - 1]);
      } else if (at > 0) {
        next[at] = reach[at - 1] && (word == "*" || word == key[at - 1]);
      }
    }
    reach = next;
  }
  return reach[key.size()];
}

bool headers_match(const std::string& arguments, const std::string& headers) {
  const FieldTable conditions{as_bytes(arguments)};
  const auto mode = conditions.find("x-match");
  const std::string word{mode ? mode->text() : "all"};
  const bool all = word.starts_with("all");
  const bool with_x = word.ends_with("-with-x");
  for (const FieldEntry& condition : conditions) {
    if (condition.name == "x-match") continue;
    if (!with_x && condition.name.starts_with("x-")) continue;
    const auto value = FieldTable{as_bytes(headers)}.find(condition.name);
    const bool holds = value && (condition.value.is_void() || *value == condition.value);
    if (holds != all) return holds;
  }
  return all;
}

struct ModelBinding {
  std::string source;
  std::string target;
  bool to_queue;
  std::string key;
  std::string arguments;
  bool operator==(const ModelBinding&) const = default;
};
struct ModelExchange {
  std::string type;
  std::string alternate;  ///< Empty: none.
  bool auto_delete;
};

class Model {
 public:
  std::map<std::string, ModelExchange> exchanges;
  std::map<std::string, bool> queues;  ///< Name -> exclusive.
  std::vector<ModelBinding> bindings;

  void remove_queue(const std::string& name) {
    queues.erase(name);
    remove_bindings([&](const ModelBinding& one) { return one.to_queue && one.target == name; });
  }
  void remove_exchange(const std::string& name) {
    exchanges.erase(name);
    remove_bindings([&](const ModelBinding& one) {
      return one.source == name || (!one.to_queue && one.target == name);
    });
  }
  template <class Which>
  void remove_bindings(Which which) {
    std::set<std::string> sources;
    for (const ModelBinding& one : bindings)
      if (which(one)) sources.insert(one.source);
    std::erase_if(bindings, which);
    for (const std::string& source : sources) {
      const auto found = exchanges.find(source);
      if (found == exchanges.end() || !found->second.auto_delete) continue;
      const bool used = std::any_of(bindings.begin(), bindings.end(),
                                    [&](const ModelBinding& one) { return one.source == source; });
      if (!used) remove_exchange(source);
    }
  }

  struct Message {
    std::vector<std::string> keys;
    std::string headers;
  };
  std::set<std::string> route(const std::string& name, const Message& message) const {
    std::set<std::string> visited;
    std::set<std::string> found;
    visit(name, message, visited, found);
    return found;
  }

 private:
  void visit(const std::string& name, const Message& message, std::set<std::string>& visited,
             std::set<std::string>& found) const {
    const auto exchange = exchanges.find(name);
    if (exchange == exchanges.end() || !visited.insert(name).second) return;
    bool matched = false;
    for (const ModelBinding& one : bindings) {
      if (one.source != name || !matches(exchange->second.type, one, message)) continue;
      matched = true;
      if (one.to_queue) {
        found.insert(one.target);
      } else {
        visit(one.target, message, visited, found);
      }
    }
    if (!matched && !exchange->second.alternate.empty())
      visit(exchange->second.alternate, message, visited, found);
  }

  static bool matches(const std::string& type, const ModelBinding& binding,
                      const Message& message) {
    if (type == "fanout") return true;
    if (type == "headers") return headers_match(binding.arguments, message.headers);
    return std::any_of(message.keys.begin(), message.keys.end(), [&](const std::string& key) {
      return type == "direct" ? binding.key == key : topic_matches(split(binding.key), split(key));
    });
  }
};

/// One history: the same random steps for the model and the world.
class History {
 public:
  explicit History(std::uint64_t seed) : random_(seed) {}

  void step() {
    switch (random_.below(10)) {
      case 0:
        return declare_exchange();
      case 1:
        return declare_queue();
      case 2:
        return random_.chance(30) ? remove_exchange() : declare_exchange();
      case 3:
        return random_.chance(50) ? remove_queue() : declare_queue();
      case 4:
        return unbind();
      case 5:
        return random_.chance(5) ? close_connection() : bind();
      default:
        return bind();
    }
  }

  void check_route() {
    const std::string exchange = exchange_name();
    if (!model_.exchanges.contains(exchange)) return;
    std::vector<std::string> keys{key(false)};
    while (random_.chance(20)) keys.push_back(key(false));
    const std::string headers = table(false);
    const std::vector<std::string_view> more(keys.begin() + 1, keys.end());
    const Names found = world_.route(exchange, RouteInput{keys[0], as_bytes(headers), more});
    const std::set<std::string> as_set(found.begin(), found.end());
    EXPECT_EQ(as_set.size(), found.size()) << "a queue came twice";
    EXPECT_EQ(as_set, model_.route(exchange, {keys, headers})) << exchange << " " << keys[0];
    routed_count += found.size();
  }

  void check_shape() const {
    EXPECT_EQ(world_.master.queue_count(), model_.queues.size());
    EXPECT_EQ(world_.master.exchanges(world_.vhost).size(), model_.exchanges.size() + 7);
    std::size_t binding_count = 0;
    for (const ExchangeInfo* exchange : world_.master.exchanges(world_.vhost))
      binding_count += exchange->bindings_out.size();
    EXPECT_EQ(binding_count, model_.bindings.size());
  }

  std::size_t routed_count = 0;

 private:
  std::string exchange_name() { return "x" + std::to_string(random_.below(7)); }
  std::string queue_name() { return "q" + std::to_string(random_.below(9)); }

  std::string key(bool pattern) {
    static const char* const words[] = {"a", "b", "", "long-word-to-leave-the-small-string",
                                        "*", "#"};
    std::string text;
    const std::uint64_t count = random_.below(5);
    for (std::uint64_t at = 0; at < count; ++at) {
      if (at > 0) text += '.';
      text += words[random_.below(pattern ? 6 : 4)];
    }
    return text;
  }

  std::string table(bool pattern) {
    static const char* const modes[] = {"all", "any", "all-with-x", "any-with-x"};
    static const char* const names[] = {"h1", "h2", "x-h", "h3"};
    FieldTableWriter writer;
    if (pattern && random_.chance(70)) writer.text("x-match", modes[random_.below(4)]);
    for (const char* name : names) {
      const auto number = static_cast<std::int32_t>(random_.below(2));
      switch (random_.below(6)) {
        case 0:
          writer.int32(name, number);
          break;
        case 1:
          writer.int64(name, number);
          break;
        case 2:
          writer.text(name, std::to_string(number));
          break;
        case 3:
          if (random_.chance(50)) writer.nothing(name);
          break;
        default:
          break;
      }
    }
    return writer.take();
  }

  void declare_exchange() {
    static const char* const types[] = {"direct", "fanout", "topic", "headers"};
    ModelExchange exchange{types[random_.below(4)], random_.chance(30) ? exchange_name() : "",
                           random_.chance(40)};
    TopologyRequest request = world_.exchange(exchange_name(), exchange.type);
    request.auto_delete = exchange.auto_delete;
    if (!exchange.alternate.empty())
      request.arguments = text_entry("alternate-exchange", exchange.alternate);
    const bool fresh = !model_.exchanges.contains(request.name);
    const Decision decision = world_.run(request);
    EXPECT_EQ(decision.kind == Answer::changes, fresh) << decision.error.detail;
    if (fresh) model_.exchanges[request.name] = exchange;
  }

  void declare_queue() {
    TopologyRequest request = world_.queue(queue_name());
    request.exclusive = random_.chance(30);
    const bool fresh = !model_.queues.contains(request.name);
    EXPECT_EQ(world_.run(request).kind == Answer::changes, fresh);
    if (fresh) model_.queues[request.name] = request.exclusive;
  }

  void remove_exchange() {
    const std::string name = exchange_name();
    const Decision decision = world_.run(world_.request(Kind::delete_exchange, name));
    EXPECT_EQ(decision.kind == Answer::changes, model_.exchanges.contains(name));
    model_.remove_exchange(name);
  }

  void remove_queue() {
    const std::string name = queue_name();
    if (!model_.queues.contains(name)) return;
    world_.delete_queue(name);
    model_.remove_queue(name);
  }

  void close_connection() {
    TopologyRequest request = world_.request(Kind::connection_closed, {});
    world_.run(request);
    std::vector<std::string> names;
    for (const auto& [name, exclusive] : model_.queues)
      if (exclusive) names.push_back(name);
    for (const std::string& name : names) model_.remove_queue(name);
  }

  ModelBinding random_binding() {
    ModelBinding binding{exchange_name(), "", random_.chance(75), key(true), {}};
    binding.target = binding.to_queue ? queue_name() : exchange_name();
    if (random_.chance(60)) binding.arguments = table(true);
    return binding;
  }
  TopologyRequest request_for(const ModelBinding& binding) const {
    TopologyRequest request =
        world_.bind(binding.source, binding.target, binding.key, binding.arguments);
    if (!binding.to_queue) request.kind = Kind::bind_exchange;
    return request;
  }

  void bind() {
    const ModelBinding binding = random_binding();
    const bool possible = model_.exchanges.contains(binding.source) &&
                          (binding.to_queue ? model_.queues.contains(binding.target)
                                            : model_.exchanges.contains(binding.target));
    const Decision decision = world_.run(request_for(binding));
    EXPECT_EQ(decision.kind != Answer::error, possible) << decision.error.detail;
    if (decision.kind == Answer::changes) model_.bindings.push_back(binding);
  }

  void unbind() {
    if (model_.bindings.empty()) return;
    const ModelBinding binding = model_.bindings[random_.below(model_.bindings.size())];
    TopologyRequest request = request_for(binding);
    request.kind = binding.to_queue ? Kind::unbind_queue : Kind::unbind_exchange;
    EXPECT_EQ(world_.run(request).kind, Answer::changes);
    model_.remove_bindings([&](const ModelBinding& one) { return one == binding; });
  }

  Random random_;
  World world_;
  Model model_;
};

TEST(TopologyModel, RandomHistoriesRouteAsTheModelSays) {
  std::size_t routed_count = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History history{seed};
    for (int step = 0; step < 400; ++step) {
      history.step();
      if (step % 4 == 0) history.check_route();
      if (step % 40 == 0) history.check_shape();
      if (testing::Test::HasFailure()) FAIL() << "step " << step;
    }
    routed_count += history.routed_count;
  }
  EXPECT_GT(routed_count, 5'000u);  // else the histories were empty and proved nothing
}

}  // namespace
}  // namespace lepus::core::test
