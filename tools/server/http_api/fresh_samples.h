// Samples for a request: newer ones are asked for when those that are there are old and there are
// few, and the request waits for them a little while. So what a client has done just now is seen.
#pragma once

#include "tools/server/http_api/api_call.h"

namespace lepus::server {

/// Runs `handle` now, or once the samples are fresh or limits::sample_wait_max is over.
void with_fresh_samples(ApiCall& call, void (*handle)(ApiCall& call));

/// As a handler of a route.
template <void (*handle)(ApiCall& call)>
void fresh(ApiCall& call) {
  with_fresh_samples(call, handle);
}

}  // namespace lepus::server
