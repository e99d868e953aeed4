// Requests are pipelined: all of the output is written while answers are counted, so that neither
// side can block the other.
#include "tools/perf/modes/control.h"

namespace lepus::perf {

namespace {

struct AnswerSink {
  Connection& connection;
  MethodId answer;
  uint64_t left;
  Bytes arguments{};

  void on_method(uint16_t channel, MethodId id, const uint8_t* data, size_t size) {
    if (id != answer) return connection.on_method(channel, id, data, size);
    --left;
    if (left == 0) arguments.assign(data, data + size);
  }
  void on_header(const uint8_t*, size_t) {}
  void on_body(const uint8_t*, size_t) {}
  void on_body_end(size_t) {}
};

}  // namespace

Bytes call(Connection& connection, MethodId answer, uint64_t count) {
  constexpr int answer_timeout_ms = 60000;
  AnswerSink sink{connection, answer, count};
  while (sink.left > 0) {
    connection.flush();
    if (connection.output_size() == 0) {
      connection.wait_readable(answer_timeout_ms);
    } else {
      connection.wait_either(answer_timeout_ms);
    }
    connection.receive(sink);
  }
  return std::move(sink.arguments);
}

}  // namespace lepus::perf
