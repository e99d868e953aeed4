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
// paths and does not depend on the bindings that do not match. A # node stays in the set over any
// word, and joins it whenever its parent does (it matches nothing too). Only # nodes can be reached
// twice in a step, so only they carry a mark; that bounds a step by the size of the trie even for
// patterns like #.#.#.a.
//
// When a # node joins below another one, and the way between them has no other branch and no
// binding, the upper one is left out of the rest of the walk: whatever it would find is found from
// the lower one, which takes any words as well. So of a pattern like #.a.#.b.#.c one # is in the
// set, not all of them.
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
    for (const std::uint32_t node : walk(key)) nodes_[node].bindings.for_each(visit);
  }

  /// Nodes in use, the root included: what the patterns cost.
  std::size_t node_count() const { return nodes_.size() - free_.size(); }

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
    mutable std::uint64_t step_mark = 0;   ///< Last step in which this # node joined the set.
    mutable std::uint64_t walk_mark = 0;   ///< Last walk in which it did.
    mutable std::uint64_t spare_mark = 0;  ///< Last walk in which one below made it needless.
    bool is_only_way() const {
      return bindings.empty() && literal_count + (star != none) + (rest != none) == 1;
    }
    BindingList bindings;
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

  /// The nodes where the key ends; valid until the next walk.
  const std::vector<NodeIndex>& walk(std::string_view key) const;
  void step(std::string_view word) const;
  void join(NodeIndex node) const;
  void join_rest(NodeIndex node) const;
  void spare_above(NodeIndex node) const;

  std::vector<Node> nodes_;
  std::vector<NodeIndex> free_;
  boost::unordered_flat_map<std::uint64_t, NodeIndex, PlainHash> edges_;  ///< Edge hash -> chain.
  mutable std::vector<NodeIndex> active_;
  mutable std::vector<NodeIndex> next_;
  mutable std::uint64_t step_count_ = 0;
  mutable std::uint64_t walk_ = 0;  ///< Number of its first step.
};

}  // namespace lepus::core
