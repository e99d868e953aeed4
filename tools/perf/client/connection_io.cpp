// The connection's socket: connect, receive into the buffer, send, and the blocking waits of
// set-up.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "tools/perf/client/connection.h"
#include "tools/perf/client/methods.h"

namespace lepus::perf {

namespace {

std::string text_of(int error) { return std::error_code(error, std::generic_category()).message(); }

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Addresses resolve(const Uri& uri) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(uri.host.c_str(), std::to_string(uri.port).c_str(), &hints, &found);
  if (error != 0) throw PerfError("cannot resolve ", uri.host, ": ", gai_strerror(error));
  return Addresses(found, freeaddrinfo);
}

// One source address has about 28 000 ports, so connections to 127.x.x.x take further source
// addresses in turn.
void spread_source(int fd, const addrinfo& target, unsigned number) {
  constexpr unsigned connections_per_source = 20000;
  if (target.ai_family != AF_INET || number < connections_per_source) return;
  sockaddr_in source{};
  std::memcpy(&source, target.ai_addr, sizeof source);
  if ((ntohl(source.sin_addr.s_addr) >> 24) != 127) return;
  source.sin_port = 0;
  source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + number / connections_per_source);
  const int on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0) {
    throw PerfError("cannot bind a further loopback source address: ", text_of(errno));
  }
}

}  // namespace

Connection::~Connection() { close_socket(); }

void Connection::connect(const ConnectionConfig& config) {
  close_socket();
  config_ = config;
  const Addresses addresses = resolve(*config.uri);
  int error = 0;
  for (const addrinfo* target = addresses.get(); target != nullptr; target = target->ai_next) {
    fd_ = socket(target->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) throw PerfError("cannot open a socket: ", text_of(errno), " (see ulimit -n)");
    spread_source(fd_, *target, config.number);
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd_, target->ai_addr, target->ai_addrlen) == 0 || errno == EINPROGRESS) break;
    error = errno;
    close_socket();
  }
  if (fd_ < 0) fail("cannot connect: " + text_of(error));
  state_ = State::connecting;
}

void Connection::finish_connect() {
  pollfd wanted{fd_, POLLOUT, 0};
  if (poll(&wanted, 1, 0) == 0) return;
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) fail("cannot connect: " + text_of(error));
  if (config_.uri->tls) {
    if (tls_ == nullptr) tls_ = std::make_unique<TlsSocket>(fd_);
    if (!tls_->shake_hands()) return;
  }
  write_protocol_header(out_);
  state_ = State::awaiting_start;
}

void Connection::close_socket() {
  tls_.reset();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  state_ = State::idle;
  blocked_ = false;
  channels_opened_ = 0;
  scanner_ = FrameScanner();
  in_begin_ = in_end_ = out_begin_ = 0;
  out_.clear();
}

// Has the kernel throw away body bytes that would only be skipped. False when it has no more than
// those.
bool Connection::drop_unread() {
  constexpr size_t worthwhile_size = 4096;
  const size_t wanted = scanner_.droppable_size();
  if (tls_ != nullptr || wanted < worthwhile_size || in_end_ > in_begin_) return true;
  const ssize_t got = recv(fd_, nullptr, wanted, MSG_TRUNC);
  if (got <= 0) return true;  // the following receive finds out why
  scanner_.dropped(static_cast<size_t>(got));
  return static_cast<size_t>(got) == wanted;
}

// Returns the room left in the buffer: 0 means that the socket may hold more.
size_t Connection::receive_bytes() {
  if (in_.size() < config_.receive_size) in_.resize(config_.receive_size);
  const size_t room = in_.size() - in_end_;
  const ssize_t got = tls_ != nullptr ? tls_->receive(in_.data() + in_end_, room)
                                      : recv(fd_, in_.data() + in_end_, room, 0);
  if (got > 0) {
    in_end_ += static_cast<size_t>(got);
    return room - static_cast<size_t>(got);
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return room;
  if (got < 0) fail("connection lost: " + text_of(errno));
  if (in_end_ > in_begin_ && in_[in_begin_] == 'A') fail("the broker does not speak AMQP 0-9-1");
  fail("the broker ended the TCP connection without connection.close");
}

void Connection::compact() {
  if (in_begin_ == in_end_) {
    in_begin_ = in_end_ = 0;
    return;
  }
  std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
  in_end_ -= in_begin_;
  in_begin_ = 0;
  if (in_end_ == in_.size()) in_.resize(2 * in_.size());
}

bool Connection::flush() {
  while (output_size() > 0) {
    const size_t sent = send_pieces(out_.data() + out_begin_, output_size(), nullptr, 0);
    if (sent == 0) return false;
    out_begin_ += sent;
  }
  out_.clear();
  out_begin_ = 0;
  return true;
}

size_t Connection::send_pieces(const uint8_t* first, size_t first_size, const uint8_t* second,
                               size_t second_size) {
  std::array<iovec, 2> pieces{iovec{const_cast<uint8_t*>(first), first_size},
                              iovec{const_cast<uint8_t*>(second), second_size}};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = second_size > 0 ? 2 : 1;
  ssize_t sent = 0;
  if (tls_ == nullptr) {
    sent = sendmsg(fd_, &message, MSG_NOSIGNAL);
  } else {
    sent = tls_->send(first, first_size);
    const bool is_all = sent == static_cast<ssize_t>(first_size) && second_size > 0;
    if (is_all) sent += std::max<ssize_t>(tls_->send(second, second_size), 0);
  }
  if (sent >= 0) return static_cast<size_t>(sent);
  // A broker that closes says why before; the reason is in the receive buffer, so reading finds it.
  const bool reading_tells = errno == EPIPE || errno == ECONNRESET;
  if (errno == EAGAIN || errno == EINTR || reading_tells) return 0;
  fail("cannot send: " + text_of(errno));
}

void Connection::wait_readable(int timeout_ms) {
  pollfd wanted{fd_, POLLIN, 0};
  if (poll(&wanted, 1, timeout_ms) == 0)
    fail(fmt::format("no answer from the broker for {} ms", timeout_ms));
}

void Connection::wait_writable(int timeout_ms) {
  pollfd wanted{fd_, POLLOUT, 0};
  const int ready = poll(&wanted, 1, timeout_ms);
  if (ready == 0) fail(fmt::format("the broker reads nothing for {} ms", timeout_ms));
  if ((wanted.revents & (POLLERR | POLLHUP)) != 0) fail("connection lost");
}

void Connection::wait_either(int timeout_ms) {
  pollfd wanted{fd_, POLLIN | POLLOUT, 0};
  if (poll(&wanted, 1, timeout_ms) == 0)
    fail(fmt::format("the broker is stuck for {} ms", timeout_ms));
}

void Connection::flush_and_wait() {
  constexpr int stalled_ms = 10000;
  while (!flush()) wait_writable(stalled_ms);
}

}  // namespace lepus::perf
