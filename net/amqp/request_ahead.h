// Which methods of a client that does not wait for answers are read on to while the answer to one
// before them is awaited (core/session/requests_ahead.h): declarations and bindings of the same
// channel, which is how applications build their topology. Every other method waits its turn in the
// input.
#pragma once

#include "core/session/session_requests.h"
#include "net/amqp/codec/frame.h"

namespace lepus::amqp {

/// Returns true if the frame, one of the channel whose `requests` await an answer, is a whole and
/// valid method that can be asked for now: all it leads to comes with its answer.
bool may_ask_ahead(const Frame& frame, const core::SessionRequests& requests);

}  // namespace lepus::amqp
