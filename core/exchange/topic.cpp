// Building, pruning and walking the trie; the idea is in the header. Nodes are indices, so the
// vector may move them.
#include "core/exchange/topic.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace lepus::core {

namespace {

/// The first dot from `at` on, or `end`. Eight letters at a time: words are short, so a call of
/// memchr for each costs more than the search.
const char* find_dot(const char* cursor, const char* end) {
  constexpr std::uint64_t ones = 0x0101010101010101ULL;
  for (; end - cursor >= 8; cursor += 8) {
    std::uint64_t letters;
    std::memcpy(&letters, cursor, 8);
    letters ^=
        ones * '.';  // A dot is now a zero byte; the lowest byte found is exact, others may not be.
    const std::uint64_t found = (letters - ones) & ~letters & (ones << 7);
    if (found != 0) return cursor + std::countr_zero(found) / 8;
  }
  while (cursor != end && *cursor != '.') ++cursor;
  return cursor;
}

/// Equal words; most are short, and then a call of memcmp is most of the price.
bool same_word(const std::string& known, std::string_view word) {
  const std::size_t size = word.size();
  if (known.size() != size) return false;
  const char* a = known.data();
  const char* b = word.data();
  if (size > 8) return std::memcmp(a, b, size) == 0;
  if (size >= 4) {
    std::array<std::uint32_t, 4> parts;
    std::memcpy(&parts[0], a, 4);
    std::memcpy(&parts[1], a + size - 4, 4);
    std::memcpy(&parts[2], b, 4);
    std::memcpy(&parts[3], b + size - 4, 4);
    return parts[0] == parts[2] && parts[1] == parts[3];
  }
  for (std::size_t index = 0; index < size; ++index)
    if (a[index] != b[index]) return false;
  return true;
}

/// Calls visit(word) for each word of a key or pattern.
template <class Visit>
void for_each_word(std::string_view text, Visit&& visit) {
  if (text.empty()) return;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (;;) {
    const char* const dot = find_dot(at, end);
    visit(std::string_view{at, dot});
    if (dot == end) break;
    at = dot + 1;
  }
}

}  // namespace

void TopicRouter::add(Binding& binding) {
  NodeIndex node = root;
  for_each_word(binding.key, [&](std::string_view word) { node = child_for(node, word); });
  nodes_[node].bindings.add(binding, &Binding::slot_router);
  binding.router_node = node;
}

void TopicRouter::remove(Binding& binding) {
  NodeIndex node = binding.router_node;
  CHECK(node < nodes_.size());
  nodes_[node].bindings.remove(binding, &Binding::slot_router);
  while (node != root) {
    const Node& dead = nodes_[node];
    const bool used =
        !dead.bindings.empty() || dead.literal_count > 0 || dead.star != none || dead.rest != none;
    if (used) break;
    const NodeIndex parent = dead.parent;
    unlink(node);
    node = parent;
  }
}

/// Inlined, as what follows of a step: the calls would cost a fifth of a route.
[[gnu::always_inline]] inline TopicRouter::NodeIndex TopicRouter::literal_child(
    NodeIndex parent, std::string_view word, std::uint64_t word_hash) const {
  const auto found = edges_.find(edge_hash(parent, word_hash));
  if (found == edges_.end()) return none;
  NodeIndex child = found->second;
  while (child != none && (nodes_[child].parent != parent || !same_word(nodes_[child].word, word)))
    child = nodes_[child].same_hash;
  return child;
}

TopicRouter::NodeIndex TopicRouter::child_for(NodeIndex parent, std::string_view word) {
  if (word == "*") {
    if (nodes_[parent].star == none) {
      const NodeIndex index = new_node(parent, word);
      nodes_[parent].star = index;
    }
    return nodes_[parent].star;
  }
  if (word == "#") {
    if (nodes_[parent].rest == none) {
      const NodeIndex node_index = new_node(parent, word);
      nodes_[node_index].is_rest = true;
      nodes_[parent].rest = node_index;
    }
    return nodes_[parent].rest;
  }
  const std::uint64_t word_hash = hash_text(word);
  const NodeIndex known = literal_child(parent, word, word_hash);
  if (known != none) return known;
  const NodeIndex made = new_node(parent, word);
  NodeIndex& chain = edges_[edge_hash(parent, word_hash)];
  nodes_[made].same_hash = std::exchange(chain, made);
  ++nodes_[parent].literal_count;
  return made;
}

TopicRouter::NodeIndex TopicRouter::new_node(NodeIndex parent, std::string_view word) {
  NodeIndex index = none;
  if (free_.empty()) {
    CHECK(nodes_.size() < UINT32_MAX);
    index = static_cast<NodeIndex>(nodes_.size());
    nodes_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  CHECK(index != root);
  CHECK(nodes_[index].bindings.empty());
  nodes_[index].word = word;
  nodes_[index].parent = parent;
  nodes_[index].is_below_rest = nodes_[parent].is_rest || nodes_[parent].is_below_rest;
  return index;
}

void TopicRouter::unlink(NodeIndex node) {
  CHECK(node != root);
  Node& parent = nodes_[nodes_[node].parent];
  if (parent.star == node) {
    parent.star = none;
  } else if (parent.rest == node) {
    parent.rest = none;
  } else {
    unlink_literal(node);
  }
  nodes_[node] = Node{};
  free_.push_back(node);
}

void TopicRouter::unlink_literal(NodeIndex node) {
  const Node& dead = nodes_[node];
  const auto found = edges_.find(edge_hash(dead.parent, hash_text(dead.word)));
  CHECK(found != edges_.end());
  NodeIndex* link = &found->second;
  while (*link != node) {
    CHECK(*link != none);
    link = &nodes_[*link].same_hash;
  }
  *link = dead.same_hash;
  if (found->second == none) edges_.erase(found);
  CHECK(nodes_[dead.parent].literal_count > 0);
  --nodes_[dead.parent].literal_count;
}

/// This # node has joined, so the way to it from the # above, if there is no other, has nothing
/// more to find.
void TopicRouter::note_done(NodeIndex node) const {
  CHECK(nodes_[node].is_below_rest);
  NodeIndex above = nodes_[node].parent;
  while (!nodes_[above].is_rest && nodes_[above].is_only_way()) above = nodes_[above].parent;
  if (nodes_[above].is_rest) ++nodes_[above].done_count;
}

void TopicRouter::join_rest(NodeIndex node) const {
  while (node != none && nodes_[node].walk_mark != walk_) {
    const Node& joined = nodes_[node];
    joined.walk_mark = walk_;
    joined.done_count = 0;
    if (!joined.bindings.empty()) matched_.push_back(node);
    if (joined.child_count() > 0) rests_.push_back(node);
    if (joined.is_below_rest) note_done(node);
    node = joined.rest;
  }
}

/// A node enters the set of the next step, and the # below it, which matches no word at all.
[[gnu::always_inline]] inline void TopicRouter::join(NodeIndex node) const {
  const Node& joined = nodes_[node];
  if (joined.rest == none) return next_.push_back(node);
  if (!joined.leads_to_rest_only()) next_.push_back(node);
  join_rest(joined.rest);
}

[[gnu::always_inline]] inline void TopicRouter::step_from(NodeIndex index, std::string_view word,
                                                          std::uint64_t word_hash) const {
  const Node& node = nodes_[index];
  if (node.literal_count > 0) {
    const NodeIndex child = literal_child(index, word, word_hash);
    if (child != none) join(child);
  }
  if (node.star != none) join(node.star);
}

/// Those that join in this step are for the next word.
[[gnu::always_inline]] inline void TopicRouter::step(std::string_view word) const {
  const std::uint64_t word_hash = hash_text(word);
  const std::size_t rest_count = rests_.size();
  next_.clear();
  visit_count_ += active_.size() + rest_count;
  for (const NodeIndex index : active_) step_from(index, word, word_hash);
  if (rest_count > 0) step_from_rests(rest_count, word, word_hash);
  active_.swap(next_);
}

/// From the first `count` #. Those with nothing more to find leave.
void TopicRouter::step_from_rests(std::size_t count, std::string_view word,
                                  std::uint64_t word_hash) const {
  std::size_t kept_count = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const NodeIndex index = rests_[i];
    if (nodes_[index].done_count == nodes_[index].child_count()) continue;
    rests_[kept_count++] = index;
    step_from(index, word, word_hash);
  }
  if (kept_count == count) return;
  rests_.erase(rests_.begin() + static_cast<std::ptrdiff_t>(kept_count),
               rests_.begin() + static_cast<std::ptrdiff_t>(count));
}

void TopicRouter::walk(std::string_view key) const {
  ++walk_;
  next_.clear();
  rests_.clear();
  matched_.clear();
  join(root);
  active_.swap(next_);
  if (key.empty()) return;
  const char* cursor = key.data();
  const char* const end = cursor + key.size();
  while (!active_.empty() || !rests_.empty()) {
    const char* const dot = find_dot(cursor, end);
    step({cursor, dot});
    if (dot == end) break;
    cursor = dot + 1;
  }
}

}  // namespace lepus::core
