// The client's end of a simulated connection: what a user of a stack's connection may do.
//
//   waiting -> connecting -> open -> over       connecting -> waiting: nobody answered in time
#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "net/bypass/stack_api.h"
#include "tests/dpdk/sim/account.h"

namespace lepus::net::bypass::sim {

class SimClient final : private ConnectionUser {
 public:
  SimClient(Account& account, core::Random random, Mistake mistake)
      : account_(account), random_(random), mistake_(mistake), begin_(account.plan.start) {}
  SimClient(const SimClient&) = delete;
  SimClient& operator=(const SimClient&) = delete;
  ~SimClient() { give_back(); }

  bool wants_connection(Nanos now) const { return state_ == State::waiting && now >= begin_; }
  void take(Connection& connection) {
    state_ = State::connecting;
    connection_ = &connection;
    connection.set_user(this);
  }
  bool is_over() const { return state_ == State::over; }

  /// Between two steps of the stack.
  void step(Nanos now) {
    if (connection_ == nullptr) return;
    if (is_failed_) return on_end(now);
    if (state_ != State::open) return;
    if (account_.is_end_due(End::client_reset) && !account_.is_cut) {
      account_.cut(now);
      return end();
    }
    if (account_.is_silent(now)) return end();
    write();
    read(now);
    if (peer_ended_ && is_all_read()) finish();
  }
  void give_back() {
    if (connection_ != nullptr) std::exchange(connection_, nullptr)->reset();
  }

 private:
  enum class State : std::uint8_t { waiting, connecting, open, over };
  /// Its bytes stay where they are when it is moved.
  using Piece = std::vector<std::uint8_t>;
  static constexpr int attempts_max = 8;
  static constexpr std::size_t waiting_max = 100'000;  ///< Bytes in pieces.

  const SidePlan& plan() const { return account_.plan.client; }
  bool is_all_read() const { return unused_ == 0; }

  void on_end(Nanos now) {
    give_back();
    const bool was_connecting = state_ == State::connecting;
    if (was_connecting && why_ == Failure::timed_out && ++attempts_ < attempts_max) {
      is_failed_ = false;
      state_ = State::waiting;
      begin_ = now;
      return;
    }
    state_ = State::over;
    if (!account_.is_cut)
      account_.note_wrong(fmt::format("a client's connection failed ({})",
                                      why_ == Failure::reset ? "reset" : "timed out"));
  }
  void end() {
    give_back();
    state_ = State::over;
  }
  /// Both have sent all, or the server has gone.
  void finish() {
    const bool has_sent = is_fin_sent_ && pieces_.empty();
    if (!account_.is_cut && !has_sent) return;
    if (!account_.is_cut && account_.client_received != account_.plan.server.size)
      account_.note_wrong(fmt::format("a client got {} bytes of {}", account_.client_received,
                                      account_.plan.server.size));
    if (!has_sent) return end();
    std::exchange(connection_, nullptr)->close();
    state_ = State::over;
  }

  void write() {
    while (made_ < plan().size && waiting_ < waiting_max) {
      const std::size_t size =
          std::min<std::size_t>(plan().size - made_, 1 + random_.below(plan().piece_max));
      pieces_.push_back(account_.from_client.part(made_, size));
      made_ += size;
      waiting_ += size;
    }
    while (written_ < pieces_.size() && connection_->room() > 0 && write_piece()) ++written_;
    (void)connection_->output();
    if (mistake_ == Mistake::memory_reused) reuse_memory();
    if (made_ == plan().size && written_ == pieces_.size() && !is_fin_sent_)
      is_fin_sent_ = connection_->shutdown_write();
  }
  /// As much as there is room for.
  bool write_piece() {
    Piece& piece = pieces_[written_];
    const std::size_t size =
        std::min<std::size_t>({piece.size(), connection_->room(), std::size_t{write_size_max}});
    if (size < piece.size()) {
      Piece rest(piece.begin() + static_cast<std::ptrdiff_t>(size), piece.end());
      piece.resize(size);
      pieces_.insert(pieces_.begin() + static_cast<std::ptrdiff_t>(written_) + 1, std::move(rest));
    }
    const Piece& part = pieces_[written_];
    return connection_->write(part.data(), static_cast<std::uint32_t>(part.size()));
  }
  /// Of what was sent already.
  void reuse_memory() {
    if (connection_->room() < 5 * 9000 || written_ == 0) return;
    Piece& sent = pieces_[written_ - 1];
    std::fill(sent.begin(), sent.end(), std::uint8_t{0});
  }

  void read(Nanos now) {
    if (is_paused_ && now < pause_until_) return;
    is_paused_ = false;
    if (unused_ > 0) connection_->consume(static_cast<std::uint32_t>(std::exchange(unused_, 0)));
    if (!random_.chance(plan().pause_percent)) return;
    is_paused_ = true;
    pause_until_ = now + static_cast<Nanos>(random_.below(std::uint64_t{Plan::pause_max}));
  }

  void on_input(const std::uint8_t* bytes, std::uint32_t size) override {
    if (!account_.from_server.is_here(account_.client_received, {bytes, size}))
      account_.note_wrong(fmt::format("a client got wrong bytes at {}", account_.client_received));
    account_.client_received += size;
    const bool is_forgotten = mistake_ == Mistake::window_closed && random_.chance(50);
    if (is_forgotten) return;
    if (is_paused_) {
      unused_ += size;
    } else {
      connection_->consume(size);
    }
  }
  void on_peer_end() override { peer_ended_ = true; }
  void on_acknowledged(std::uint32_t size) override {
    waiting_ -= size;
    acknowledged_ += size;
    while (!pieces_.empty() && acknowledged_ >= pieces_.front().size()) {
      acknowledged_ -= pieces_.front().size();
      pieces_.pop_front();
      --written_;
    }
  }
  void on_connected() override { state_ = State::open; }
  void on_failed(Failure why) override {
    is_failed_ = true;
    why_ = why;
  }

  Account& account_;
  core::Random random_;
  const Mistake mistake_;
  Nanos begin_;
  Connection* connection_ = nullptr;
  State state_ = State::waiting;
  int attempts_ = 0;
  bool is_failed_ = false;
  Failure why_{};
  bool peer_ended_ = false;
  bool is_fin_sent_ = false;
  bool is_paused_ = false;
  Nanos pause_until_ = 0;
  std::size_t unused_ = 0;  ///< Bytes that came while it was paused.
  std::deque<Piece> pieces_;
  std::size_t written_ = 0;       ///< Of pieces_, those that the stack has.
  std::size_t made_ = 0;          ///< Bytes that were put into pieces.
  std::size_t waiting_ = 0;       ///< Of them, those not acknowledged.
  std::size_t acknowledged_ = 0;  ///< Bytes of pieces_.front().
};

}  // namespace lepus::net::bypass::sim
