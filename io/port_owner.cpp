// From address to socket by /proc/net/tcp{,6}, from socket to process by the links in /proc/PID/fd.
#include "io/port_owner.h"
#include "core/limits.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace lepus::io {
namespace {

constexpr std::string_view listen_state = "0A";
using Address = std::array<std::uint8_t, 16>;

/// A table of very many connections is read so far and no further.

std::string read_proc(const std::string& path) {
  std::string text;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  char piece[4096];
  for (ssize_t size = 1; size > 0 && text.size() < core::limits::socket_table_size_max;) {
    size = ::read(fd, piece, sizeof piece);
    if (size > 0) text.append(piece, static_cast<std::size_t>(size));
  }
  ::close(fd);
  return text;
}

template <class Number>
bool parse(std::string_view text, Number& out, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

/// Columns are separated by blanks.
std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(line.find(' ', begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
  return words;
}

Address mapped(std::uint32_t network_order) {
  Address address{};
  if (network_order == 0) return address;
  address[10] = address[11] = 0xff;
  std::memcpy(&address[12], &network_order, sizeof network_order);
  return address;
}

/// The kernel prints each group of four bytes as a number of its own byte order.
bool parse_address(std::string_view hex, Address& address) {
  if (hex.size() != 8 && hex.size() != 32) return false;
  std::array<std::uint32_t, 4> words{};
  for (std::size_t i = 0; i < hex.size() / 8; ++i)
    if (!parse(hex.substr(i * 8, 8), words[i], 16)) return false;
  if (hex.size() == 8) {
    address = mapped(words[0]);
  } else {
    std::memcpy(address.data(), words.data(), address.size());
  }
  return true;
}

bool parse_line(std::string_view line, ListeningSocket& socket) {
  const std::vector<std::string_view> words = split(line);
  if (words.size() < 10 || words[3] != listen_state) return false;
  const std::size_t colon = words[1].find(':');
  return colon != std::string_view::npos &&
         parse_address(words[1].substr(0, colon), socket.address) &&
         parse(words[1].substr(colon + 1), socket.port, 16) && parse(words[7], socket.user, 10) &&
         parse(words[9], socket.inode, 10);
}

Address wanted_address(const std::string& text) {
  in_addr v4{};
  Address v6{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return mapped(v4.s_addr);
  if (inet_pton(AF_INET6, text.c_str(), v6.data()) == 1) return v6;
  return {};  // A name: any socket on the port is of interest.
}

bool overlaps(const Address& left, const Address& right) {
  return left == right || left == Address{} || right == Address{};
}

/// Whether the process holds this socket; false when its descriptors may not be looked at.
bool holds(const std::string& process, const std::string& link) {
  const std::string path = process + "/fd";
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return false;
  bool found = false;
  char target[64];
  while (const dirent* entry = found ? nullptr : readdir(directory)) {
    const ssize_t size = readlinkat(dirfd(directory), entry->d_name, target, sizeof target);
    found = size > 0 && link == std::string_view(target, static_cast<std::size_t>(size));
  }
  closedir(directory);
  return found;
}

void find_process(std::uint64_t inode, PortOwner& owner) {
  const std::string link = "socket:[" + std::to_string(inode) + "]";
  DIR* directory = opendir("/proc");
  if (directory == nullptr) return;
  while (const dirent* entry = owner.pid != 0 ? nullptr : readdir(directory)) {
    int pid = 0;
    const std::string process = std::string("/proc/") + entry->d_name;
    if (!parse(entry->d_name, pid, 10) || !holds(process, link)) continue;
    owner.pid = pid;
    owner.program = read_proc(process + "/comm");
    while (!owner.program.empty() && owner.program.back() == '\n') owner.program.pop_back();
  }
  closedir(directory);
}

}  // namespace

std::vector<ListeningSocket> parse_tcp_table(std::string_view table) {
  std::vector<ListeningSocket> sockets;
  while (!table.empty()) {
    const std::size_t end = std::min(table.find('\n'), table.size());
    ListeningSocket socket;
    if (parse_line(table.substr(0, end), socket)) sockets.push_back(socket);
    table.remove_prefix(std::min(end + 1, table.size()));
  }
  return sockets;
}

std::optional<PortOwner> find_port_owner(const std::string& address, std::uint16_t port) {
  const Address wanted = wanted_address(address);
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    for (const ListeningSocket& socket : parse_tcp_table(read_proc(table))) {
      if (socket.port != port || !overlaps(socket.address, wanted)) continue;
      PortOwner owner;
      owner.user = socket.user;
      find_process(socket.inode, owner);
      return owner;
    }
  }
  return std::nullopt;
}

}  // namespace lepus::io
