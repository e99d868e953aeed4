// See connector.h.
#include "tools/server/shovels/connector.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/assert.h"
#include "io/os.h"

namespace lepus::server {

namespace {

/// The socket is libcurl's: a second descriptor of it outlives the handle. io_uring waits only for
/// sockets that block.
OwnedSocket take_socket(curl_socket_t socket) {
  OwnedSocket taken(fcntl(socket, F_DUPFD_CLOEXEC, 0));
  const int flags = fcntl(socket, F_GETFL);
  if (flags >= 0) (void)fcntl(socket, F_SETFL, flags & ~O_NONBLOCK);
  return taken;
}

}  // namespace

Connector::Connector(io::Loop& loop, Connected connected)
    : connected_(std::move(connected)), event_(loop) {
  event_.bind<&Connector::on_notified>(this);
}

Connector::~Connector() { stop(); }

void Connector::connect(Request request) {
  if (multi_ == nullptr) {
    multi_ = curl_multi_init();
    CHECK(multi_ != nullptr);
    event_.start();
    thread_ = std::thread([this] {
      io::name_thread("connector");
      run();
    });
  }
  {
    const std::lock_guard lock(mutex_);
    submitted_.push_back(std::move(request));
  }
  curl_multi_wakeup(multi_);
}

void Connector::stop() {
  if (!thread_.joinable()) return;
  is_stopping_ = true;
  curl_multi_wakeup(multi_);
  thread_.join();
  for (const Transfer& transfer : std::exchange(transfers_, {})) {
    curl_multi_remove_handle(multi_, transfer.handle);
    curl_easy_cleanup(transfer.handle);
  }
  curl_multi_cleanup(std::exchange(multi_, nullptr));
  event_.stop();
}

void Connector::run() {
  while (!is_stopping_) {
    std::vector<Request> submitted;
    {
      const std::lock_guard lock(mutex_);
      submitted.swap(submitted_);
    }
    for (const Request& request : submitted) begin(request);
    int running = 0;
    curl_multi_perform(multi_, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left))
      if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
    constexpr int wait_ms = 1000;
    (void)curl_multi_poll(multi_, nullptr, 0, wait_ms, nullptr);
  }
}

/// No proxy of the environment: the operator has named the broker.
void Connector::begin(const Request& request) {
  CURL* handle = curl_easy_init();
  CHECK(handle != nullptr);
  const bool is_ipv6 = request.host.find(':') != request.host.npos;
  const std::string host = is_ipv6 ? "[" + request.host + "]" : request.host;
  const std::string url = fmt::format("http://{}:{}/", host, request.port);
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  // The end of the broker waits for no server of names.
  curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(request.wait / core::nanos_per_ms));
  transfers_.push_back({handle, request.ticket});
  CHECK(curl_multi_add_handle(multi_, handle) == CURLM_OK);
}

void Connector::finish(CURL* handle, CURLcode code) {
  const auto found =
      std::find_if(transfers_.begin(), transfers_.end(),
                   [&](const Transfer& transfer) { return transfer.handle == handle; });
  CHECK(found != transfers_.end());
  Outcome outcome;
  outcome.ticket = found->ticket;
  transfers_.erase(found);
  curl_socket_t socket = CURL_SOCKET_BAD;
  if (code == CURLE_OK) curl_easy_getinfo(handle, CURLINFO_ACTIVESOCKET, &socket);
  if (socket != CURL_SOCKET_BAD) outcome.socket = take_socket(socket);
  if (!outcome.socket.is_connected())
    outcome.error = code == CURLE_OK ? "no descriptor is free" : curl_easy_strerror(code);
  curl_multi_remove_handle(multi_, handle);
  curl_easy_cleanup(handle);
  {
    const std::lock_guard lock(mutex_);
    outcomes_.push_back(std::move(outcome));
  }
  event_.notify();
}

void Connector::on_notified() {
  std::vector<Outcome> outcomes;
  {
    const std::lock_guard lock(mutex_);
    outcomes.swap(outcomes_);
  }
  for (Outcome& outcome : outcomes) connected_(std::move(outcome));
}

}  // namespace lepus::server
