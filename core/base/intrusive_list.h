// A doubly linked list whose links are a base of the elements: O(1) everywhere, never allocates,
// and an element knows whether it is in a list. An element must leave its list before it dies
// (checked).
#pragma once

#include "core/base/assert.h"

namespace lepus::core {

template <class T, class Tag>
class IntrusiveList;

/// Base of an element; Tag lets one object sit in several lists.
template <class Tag>
class ListNode {
 public:
  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { CHECK(!linked()); }
  bool linked() const { return next_ != nullptr; }

 private:
  template <class, class>
  friend class IntrusiveList;
  ListNode* next_ = nullptr;
  ListNode* previous_ = nullptr;
};

/// T must derive from ListNode<Tag>.
template <class T, class Tag = T>
class IntrusiveList {
 public:
  using Node = ListNode<Tag>;

  IntrusiveList() { head_.next_ = head_.previous_ = &head_; }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    while (!empty()) remove(front());
    head_.next_ = head_.previous_ = nullptr;
  }

  bool empty() const { return head_.next_ == &head_; }
  T& front() const {
    CHECK(!empty());
    return *as_item(head_.next_);
  }
  T* next(T& item) const { return at_or_null(static_cast<Node&>(item).next_); }
  T* last() const { return at_or_null(head_.previous_); }
  T* previous(T& item) const { return at_or_null(static_cast<Node&>(item).previous_); }

  void push_back(T& item) { link(item, head_); }
  /// Puts `item` right behind `before`; behind nothing means at the front.
  void insert_after(T* before, T& item) {
    link(item, before != nullptr ? *static_cast<Node&>(*before).next_ : *head_.next_);
  }
  void remove(T& item) {
    Node& node = item;
    CHECK(node.linked());
    node.previous_->next_ = node.next_;
    node.next_->previous_ = node.previous_;
    node.next_ = node.previous_ = nullptr;
  }
  T* pop_front() {
    if (empty()) return nullptr;
    T& item = front();
    remove(item);
    return &item;
  }

 private:
  static T* as_item(Node* node) { return static_cast<T*>(node); }
  T* at_or_null(Node* node) const { return node == &head_ ? nullptr : as_item(node); }
  void link(T& item, Node& behind) {
    Node& node = item;
    CHECK(!node.linked());
    node.next_ = &behind;
    node.previous_ = behind.previous_;
    behind.previous_->next_ = &node;
    behind.previous_ = &node;
  }

  Node head_;
};

}  // namespace lepus::core
