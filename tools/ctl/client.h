// The conversation with a broker: one request line, answer lines until the last.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/ctl/options.h"

namespace lepus::ctl {

/// Why no answer came.
struct ClientError {
  int exit_code = exit_unavailable;
  std::string text;
};

/// The socket of this invocation: the one it names, or the environment's, or the first of the usual
/// places where there is one, or data/lepus.sock from here when it is the caller's own.
std::string find_socket(const Invocation& invocation);
/// Whether a node's name, "lepus@host" or "rabbit@host", means this machine.
bool is_local_node(std::string_view node, std::string_view host_name);
std::string host_name();

class Client {
 public:
  /// `timeout_s`: for the whole conversation; 0: none.
  explicit Client(double timeout_s);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// `is_patient`: tries again until there is a broker.
  std::optional<ClientError> connect(const std::string& path, bool is_patient);
  std::optional<ClientError> send(std::string_view line);
  /// The next line, without its end.
  std::optional<ClientError> receive(std::string& line);
  /// Until the other side closes.
  std::optional<ClientError> wait_for_end();

 private:
  std::optional<ClientError> wait_for(short events);
  std::optional<ClientError> timed_out() const;
  int milliseconds_left() const;

  double timeout_s_;
  std::int64_t deadline_ms_;  ///< Of the monotonic clock; 0: none.
  int fd_ = -1;
  std::string input_;
  std::size_t searched_ = 0;  ///< No end of line before this place in input_.
};

/// JSON of a request.
std::string request_line(const Invocation& invocation, const VerbSpec& verb);

}  // namespace lepus::ctl
