// What clients do: one random action at a time, mostly legal, sometimes not.
#pragma once

#include "tests/sim/client.h"

namespace lepus::sim {

class Actor {
 public:
  explicit Actor(Scene& scene) : scene_(scene), random_(*scene.random) {}

  /// One action of this client, or nothing when it can do none now.
  void act(Client& client);
  /// Acknowledges, rejects or requeues some of what the channel holds.
  void settle(Channel& channel);

  /// illegal.cpp: something that must close the channel, or the whole connection.
  void break_channel(Client& client, Channel& channel);
  void break_connection(Client& client, Channel& channel);

 private:
  Channel* choose_channel(Client& client);
  void act_on(Client& client, Channel& channel);
  void publish(Client& client, Channel& channel);
  void change_topology(Client& client, Channel& channel);
  void use_queue(Client& client, Channel& channel);
  void use_stream(Channel& channel, QueueModel& queue);
  void control_channel(Client& client, Channel& channel);
  void end_transaction(Channel& channel);
  void watch(Channel& channel);
  void declare_queue(Client& client, Channel& channel);
  void choose_rules(const Client& client, QueueModel& queue);
  void choose_dead_letters(const Client& client, QueueModel& queue);
  void declare_exchange(Channel& channel);
  void delete_queue(Channel& channel, QueueModel& queue);
  void bind(Client& client, Channel& channel);
  void unbind(Channel& channel);

  QueueModel* choose_queue(const Client& client);
  void tame(Channel& channel, QueueModel& queue);
  ExchangeModel* choose_exchange();
  std::string choose_key();
  std::string choose_pattern();
  Headers choose_headers();
  std::size_t choose_body_size();
  std::uint32_t choose_prefetch_size();

  Scene& scene_;
  core::Random& random_;
};

}  // namespace lepus::sim
