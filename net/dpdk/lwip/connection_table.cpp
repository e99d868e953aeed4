// The table of connection.h: chains by a keyed hash.
#include <cstring>

#include "core/base/assert.h"
#include "net/dpdk/lwip/connection.h"

namespace lepus::net::bypass {

std::size_t ConnectionTable::bucket_of(const Tuple& tuple) const {
  std::uint64_t words[2];
  std::memcpy(words, tuple.remote.bytes.data(), sizeof words);
  const std::uint64_t ports =
      static_cast<std::uint64_t>(tuple.remote_port) << 16 | tuple.local_port;
  std::uint64_t hash = secret_;
  for (const std::uint64_t word : {words[0], words[1], ports}) {
    hash ^= word;
    const unsigned __int128 product = static_cast<unsigned __int128>(hash) * 0x9e3779b97f4a7c15U;
    hash = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  return hash & (buckets_.size() - 1);
}

LwipConnection* ConnectionTable::find(const Tuple& tuple) const {
  LwipConnection* connection = buckets_[bucket_of(tuple)];
  while (connection != nullptr && connection->tuple_ != tuple)
    connection = connection->next_in_bucket_;
  return connection;
}

void ConnectionTable::add(LwipConnection& connection) {
  CHECK(!connection.is_in_table_);
  if (size_ == buckets_.size()) grow();
  connection.is_in_table_ = true;
  LwipConnection*& first = buckets_[bucket_of(connection.tuple_)];
  connection.next_in_bucket_ = first;
  first = &connection;
  ++size_;
}

void ConnectionTable::remove(LwipConnection& connection) {
  CHECK(connection.is_in_table_);
  LwipConnection** link = &buckets_[bucket_of(connection.tuple_)];
  while (*link != &connection) link = &(*link)->next_in_bucket_;
  *link = connection.next_in_bucket_;
  connection.is_in_table_ = false;
  --size_;
}

void ConnectionTable::grow() {
  std::vector<LwipConnection*> old(buckets_.size() * 2);
  old.swap(buckets_);
  for (LwipConnection* connection : old) {
    while (connection != nullptr) {
      LwipConnection* const next = connection->next_in_bucket_;
      LwipConnection*& first = buckets_[bucket_of(connection->tuple_)];
      connection->next_in_bucket_ = first;
      first = connection;
      connection = next;
    }
  }
}

/// Users give their connections back later: nothing leaves the table meanwhile.
void ConnectionTable::lose_device() {
  has_device_ = false;
  link_all();
  for (LwipConnection* first : buckets_)
    for (LwipConnection* one = first; one != nullptr; one = one->next_in_bucket_)
      if (one->pcb_ != nullptr) tcp_abandon(one->pcb_, 0);
}

void ConnectionTable::link_all() {
  for (LwipConnection* first : buckets_)
    for (LwipConnection* one = first; one != nullptr; one = one->next_in_bucket_)
      if (one->is_parked_) one->link();
}

/// One walk: taking each out of the list by itself would walk it once for each.
void ConnectionTable::park_all() {
  tcp_pcb* others = nullptr;
  tcp_pcb** others_end = &others;
  for (tcp_pcb* pcb = tcp_active_pcbs; pcb != nullptr;) {
    tcp_pcb* const next = pcb->next;
    pcb->next = nullptr;
    auto* const connection = pcb->errf == &LwipConnection::on_error
                                 ? static_cast<LwipConnection*>(pcb->callback_arg)
                                 : nullptr;
    if (connection != nullptr && connection->is_in_table_) {
      connection->is_parked_ = true;
    } else {
      *others_end = pcb;
      others_end = &pcb->next;
    }
    pcb = next;
  }
  tcp_active_pcbs = others;
}

}  // namespace lepus::net::bypass
