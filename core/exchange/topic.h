// Topic exchange: patterns of words between dots, * = exactly one word, # = any number of words,
// also none.
//
// The patterns form a trie with a word on each edge. All literal edges of the trie are in one
// table, found by (node, word); * and # edges are fields of the node:
//
//      root --a--> 1 --b--> 2     "a.b"
//             \     \--#--> 3     "a.#"
//              \--*--> 4          "*"
//
// A key walks the trie as a set of nodes, one step a word; the cost is the number of nodes on live
// paths and does not depend on the bindings that do not match. A # node joins whenever its parent
// does (it matches nothing too) and takes any word, so it joins once a walk: its bindings match
// then whatever follows, and it stays in the set for the sake of its children only. Only # nodes
// can be reached twice, so only they carry a mark; that bounds a step by the size of the trie even
// for patterns like #.#.#.a.
//
// When a # node has joined below another one, and the way between them has no other branch and no
// binding, that way has nothing more to find: whatever it would lead to is found from the lower
// one, which takes any words as well. A # node of which all ways are so far leaves the set. So of
// patterns like #.a.#.b.#.c those # are in the set whose next word is still to come, not all.
//
// An empty key has no words; otherwise n dots make n + 1 words, of which some may be empty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/exchange/text_hash.h"
#include "core/topology/binding.h"

namespace lepus::core {

class TopicRouter {
 public:
  TopicRouter() : nodes_(1) {}

  void add(Binding& binding);
  void remove(Binding& binding);

  /// Calls visit(const Binding&) for each match. Not reentrant: the walk uses the router's scratch
  /// memory.
  template <class Visit>
  void match(std::string_view key, Visit&& visit) const {
    walk(key);
    for (const NodeIndex node : active_) nodes_[node].bindings.for_each(visit);
    for (const NodeIndex node : matched_) nodes_[node].bindings.for_each(visit);
  }

  /// Nodes in use, the root included: what the patterns cost.
  std::size_t node_count() const { return nodes_.size() - free_.size(); }
  /// Nodes that all walks so far looked at, in each step: what routing costs.
  std::uint64_t visit_count() const { return visit_count_; }

 private:
  using NodeIndex = std::uint32_t;
  static constexpr NodeIndex root = 0;
  static constexpr NodeIndex none = 0;  ///< The root is nobody's child.

  struct Node {
    std::string word;  ///< On the edge that leads here.
    NodeIndex parent = none;
    NodeIndex star = none;       ///< Child by *.
    NodeIndex rest = none;       ///< Child by #.
    NodeIndex same_hash = none;  ///< Next literal child anywhere with the same edge hash.
    std::uint32_t literal_count = 0;
    bool is_rest = false;                  ///< This node hangs on a #.
    bool is_below_rest = false;            ///< So does one above it.
    mutable std::uint32_t done_count = 0;  ///< Of this # node: children with nothing more to find.
    mutable std::uint64_t walk_mark = 0;   ///< Last walk in which this # node joined the set.
    BindingList bindings;

    std::uint32_t child_count() const { return literal_count + (star != none) + (rest != none); }
    /// The only thing to find here is below its one child.
    bool is_only_way() const { return bindings.empty() && child_count() == 1; }
    /// The walk has no use of it but for the # below it.
    bool leads_to_rest_only() const {
      return bindings.empty() && literal_count == 0 && star == none;
    }
  };
  struct PlainHash {
    using is_avalanching = void;
    std::size_t operator()(std::uint64_t hash) const noexcept { return hash; }
  };

  static std::uint64_t edge_hash(NodeIndex parent, std::uint64_t word_hash) {
    return mix_hash(word_hash, parent);
  }
  NodeIndex literal_child(NodeIndex parent, std::string_view word, std::uint64_t word_hash) const;
  NodeIndex child_for(NodeIndex parent, std::string_view word);
  NodeIndex new_node(NodeIndex parent, std::string_view word);
  void unlink(NodeIndex node);
  void unlink_literal(NodeIndex node);

  /// Leaves in active_ and matched_ where the key ends.
  void walk(std::string_view key) const;
  void step(std::string_view word) const;
  void step_from(NodeIndex index, std::string_view word, std::uint64_t word_hash) const;
  void step_from_rests(std::size_t count, std::string_view word, std::uint64_t word_hash) const;
  void join(NodeIndex node) const;
  void join_rest(NodeIndex node) const;
  void note_done(NodeIndex node) const;

  std::vector<Node> nodes_;
  std::vector<NodeIndex> free_;
  boost::unordered_flat_map<std::uint64_t, NodeIndex, PlainHash> edges_;  ///< Edge hash -> chain.
  // The set of the running walk.
  mutable std::vector<NodeIndex> active_;   ///< Not # nodes.
  mutable std::vector<NodeIndex> next_;     ///< The same, for the next step.
  mutable std::vector<NodeIndex> rests_;    ///< # nodes that have joined and lead on.
  mutable std::vector<NodeIndex> matched_;  ///< # nodes that have joined and have bindings.
  mutable std::uint64_t walk_ = 0;          ///< Its number.
  mutable std::uint64_t visit_count_ = 0;
};

}  // namespace lepus::core
