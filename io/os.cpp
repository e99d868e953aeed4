// Linux calls behind io/os.h.
#include "io/os.h"

#include <dirent.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/assert.h"

namespace lepus::io {
namespace {

std::string place_text(const ListenConfig& config) {
  const std::string host = config.address.empty() ? "::" : config.address;
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(config.port);
}

ListenOutcome failed(const ListenConfig& config, const std::string& why, int error_code) {
  return {-1, "cannot listen on " + place_text(config) + ": " + why, error_code};
}

std::string advice(int error_code) {
  std::string text = std::strerror(error_code);
  if (error_code == EADDRINUSE) {
    text += ". Another process listens there: stop it or choose another port";
  } else if (error_code == EACCES) {
    text += ". Ports below 1024 need CAP_NET_BIND_SERVICE";
  } else if (error_code == EADDRNOTAVAIL) {
    text += ". No interface of this machine has that address";
  } else if (error_code == EAFNOSUPPORT) {
    text += ". IPv6 is off on this machine: use 0.0.0.0";
  }
  return text;
}

bool set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

/// Dead peers are found after about a minute: 30 s silence, then 4 probes, 8 s apart.
bool set_options(int fd, const ListenConfig& config) {
  if (!set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1)) return false;
  if (!set_option(fd, SOL_SOCKET, SO_KEEPALIVE, config.keepalive ? 1 : 0)) return false;
  if (!set_option(fd, IPPROTO_TCP, TCP_NODELAY, config.nodelay ? 1 : 0)) return false;
  const int send_size = config.send_buffer_size;
  if (send_size > 0 && !set_option(fd, SOL_SOCKET, SO_SNDBUF, send_size)) return false;
  const int receive_size = config.receive_buffer_size;
  if (receive_size > 0 && !set_option(fd, SOL_SOCKET, SO_RCVBUF, receive_size)) return false;
  if (!set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 30)) return false;
  if (!set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 8)) return false;
  if (!set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 4)) return false;
  return true;
}

/// SO_REUSEADDR: connections of an earlier process that wind up do not count.
bool set_address_options(int fd, int family) {
  if (!set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1)) return false;
  return family != AF_INET6 || set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
}

enum class Purpose : std::uint8_t { listen, probe };

ListenOutcome open_at(const ListenConfig& config, const addrinfo& place, Purpose purpose) {
  const int fd = socket(place.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed(config, advice(errno), errno);
  const bool listens = purpose == Purpose::listen;
  if (!set_address_options(fd, place.ai_family) || (listens && !set_options(fd, config)) ||
      bind(fd, place.ai_addr, place.ai_addrlen) != 0 ||
      (listens && listen(fd, config.backlog) != 0)) {
    const int error_code = errno;
    ::close(fd);
    return failed(config, advice(error_code), error_code);
  }
  if (listens) return {fd, ""};
  ::close(fd);
  return {};
}

ListenOutcome open_tcp(const ListenConfig& config, Purpose purpose) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string host = config.address.empty() ? "::" : config.address;
  const int code = getaddrinfo(host.c_str(), std::to_string(config.port).c_str(), &wanted, &found);
  if (code != 0) return failed(config, std::string(gai_strerror(code)) + ". Check the address", 0);
  ListenOutcome outcome = open_at(config, *found, purpose);
  freeaddrinfo(found);
  return outcome;
}

}  // namespace

ListenOutcome listen_tcp(const ListenConfig& config) { return open_tcp(config, Purpose::listen); }

ListenOutcome probe_tcp(const ListenConfig& config) { return open_tcp(config, Purpose::probe); }

std::uint16_t local_port(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

void close_fd(int fd) {
  CHECK(fd >= 0);
  ::close(fd);
}

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

std::string pin_thread(int cpu) {
  CHECK(cpu >= 0 && cpu < CPU_SETSIZE);
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  const int code = pthread_setaffinity_np(pthread_self(), sizeof set, &set);
  if (code == 0) return "";
  return "cannot pin a thread to processor " + std::to_string(cpu) + ": " + std::strerror(code) +
         ". It is offline or outside of the allowed set (taskset -p, cpuset of the container)";
}

std::string pin_thread_to(const std::vector<unsigned>& cpus) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const unsigned cpu : cpus) CPU_SET(cpu, &set);
  const int code = pthread_setaffinity_np(pthread_self(), sizeof set, &set);
  if (code == 0) return "";
  return std::string("cannot bind a thread to its processors: ") + std::strerror(code);
}

void lower_thread_priority(int step) {
  (void)!::nice(step);  // On Linux a thread has a nice value of its own.
}

void name_thread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

namespace {

std::uint64_t count_entries(const char* path) {
  CHECK(path != nullptr && path[0] == '/');
  DIR* directory = opendir(path);
  if (directory == nullptr) return 0;
  std::uint64_t count = 0;
  while (const dirent* entry = readdir(directory)) count += entry->d_name[0] != '.' ? 1 : 0;
  closedir(directory);
  return count;
}

}  // namespace

FileUse file_use() {
  FileUse use;
  use.limit = file_limit();
  use.used = count_entries("/proc/self/fd");
  if (use.used > 0) --use.used;  // The directory itself.
  return use;
}

std::uint64_t file_limit() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

std::uint64_t thread_count() { return count_entries("/proc/self/task"); }

std::uint64_t raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  CHECK(limit.rlim_cur <= limit.rlim_max);
  if (limit.rlim_cur < limit.rlim_max) {
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return before;
  }
  return limit.rlim_cur;
}

}  // namespace lepus::io
