// What the connections of one HTTP server share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "core/base/log.h"
#include "core/base/log_gate.h"
#include "core/base/time.h"
#include "core/limits/http.h"
#include "io/loop.h"
#include "net/http/http_service.h"

namespace lepus::net {

/// For requests and connections to come. Sizes in bytes.
struct HttpSettings {
  std::size_t body_size_max = core::limits::http_body_max_default;
  std::size_t connections_max = core::limits::http_connections_max;
  core::Nanos head_timeout = core::limits::http_head_timeout_default;
  core::Nanos idle_timeout = core::limits::http_idle_timeout_default;
  core::Nanos send_timeout = core::limits::http_send_timeout;
};

struct HttpShared {
  io::Loop* loop;
  HttpService* service;
  core::Log* log;
  HttpSettings settings;
  std::size_t bodies_size = 0;  ///< Of requests that are not answered.
  std::size_t compressor_count = 0;
  bool is_stopping = false;  ///< No connection is kept for another request.
  core::LogGate refusals;
  std::string date = {};  ///< As of date_s.
  std::int64_t date_s = -1;
};

}  // namespace lepus::net
