// Counts a connection when it is open (connections) or when it was closed in order (churn).
#include "tools/perf/client/handshaker.h"

namespace lepus::perf {

Handshaker::Handshaker(const Config& config, Stats& stats) : config_(config), stats_(stats) {}

void Handshaker::connect() {
  ConnectionConfig config;
  config.uri = &config_.options->uri;
  config.frame_size_max = config_.options->frame_size_max;
  config.channels = config_.options->channels;
  config.receive_size = 2048;  // there may be many of us; grows if the broker's greeting is longer
  config.number = config_.number;
  start_ns_ = now_ns();
  connection_.connect(config);
  readable = writable = false;
}

void Handshaker::run(uint64_t) {
  readable = writable = false;
  const Connection::State state = connection_.state();
  if (state == Connection::State::awaiting_close_ok || state == Connection::State::open) {
    while (connection_.receive(*this)) {
    }
    connection_.flush();
  } else if (connection_.advance_handshake()) {
    on_open();
  }
  if (connection_.state() != Connection::State::closed) return;
  stats_.delivered.add(1);
  stats_.latency.record(now_ns() - start_ns_);
  connect();
  loop()->watch(*this);
}

void Handshaker::on_open() {
  if (config_.again) {
    connection_.start_close();
    connection_.flush();
    return;
  }
  stats_.delivered.add(1);
  stats_.latency.record(now_ns() - start_ns_);
}

}  // namespace lepus::perf
