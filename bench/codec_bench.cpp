// What does the codec cost per message? One benchmark per layer, then all of a small publish
// together.
//
//   frame scan         3 ns     the budgets the codec was built for (3 GHz, one core)
//   basic.publish     10 ns
//   properties        20 ns     content-type and delivery-mode
//
// The input is a stream of many frames, so that neither branch predictor nor cache sees one frame
// only.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/utf8.h"
#include "core/message/field_table.h"
#include "core/message/field_table_writer.h"
#include "core/message/properties.h"
#include "net/amqp/codec/assembler.h"
#include "net/amqp/codec/frame.h"
#include "net/amqp/methods.gen.h"

namespace lepus {
namespace {

using ByteVector = std::vector<std::uint8_t>;

constexpr std::size_t payload_max = amqp::payload_max_of(131072);
constexpr std::uint32_t message_count = 64;

template <class Method>
ByteVector encoded(const Method& method) {
  ByteVector out(amqp::encoded_size(method));
  amqp::encode(out.data(), method);
  return out;
}

ByteVector encoded(const core::PropertiesView& properties) {
  ByteVector out(core::encoded_size(properties));
  core::encode_properties(out.data(), properties);
  return out;
}

core::PropertiesView usual_properties() {
  core::PropertiesView properties;
  properties.delivery_mode = 2;
  properties.content_type = "application/json";
  properties.set(core::Property::delivery_mode);
  properties.set(core::Property::content_type);
  return properties;
}

/// `message_count` times method, header and one body frame; keys and bodies of different lengths.
ByteVector publish_stream() {
  const ByteVector properties = encoded(usual_properties());
  ByteVector stream;
  const auto room = [&stream](std::size_t size) {
    stream.resize(stream.size() + size);
    return stream.data() + stream.size() - size;
  };
  for (std::uint32_t i = 0; i < message_count; ++i) {
    const std::string key = "orders." + std::string(i % 13, 'k');
    const ByteVector body(i % 7 * 40 + 1, 'b');
    const amqp::BasicPublish publish{.exchange = "amq.topic", .routing_key = key};
    amqp::store_method_frame(room(amqp::method_frame_size(publish)), 1, publish);
    const amqp::ContentHeaderFields header{.body_size = body.size(), .properties = properties};
    amqp::store_content_header_frame(room(amqp::content_header_frame_size(header)), 1, header);
    const amqp::Frame frame{amqp::FrameType::body, 1, body};
    std::uint8_t* const at = room(amqp::frame_overhead + body.size());
    amqp::store_frame_end(core::store_bytes(amqp::store_frame_header(at, frame), body));
  }
  return stream;
}

/// Adds the column "each": time for one of the `items` that an iteration handles.
void count_items(benchmark::State& state, std::size_t items) {
  state.counters["each"] =
      benchmark::Counter(static_cast<double>(items), benchmark::Counter::kIsIterationInvariantRate |
                                                         benchmark::Counter::kInvert);
}

void frame_scan(benchmark::State& state) {
  const ByteVector stream = publish_stream();
  for (auto _ : state) {
    core::Bytes left = stream;
    while (!left.empty()) {
      const amqp::FrameResult result = amqp::next_frame(left, payload_max);
      if (!result.complete()) return state.SkipWithError("the stream is broken");
      benchmark::DoNotOptimize(result.frame.payload.data());
      left = left.subspan(result.size);
    }
  }
  count_items(state, message_count * 3);
}
BENCHMARK(frame_scan);

void publish_decode(benchmark::State& state) {
  std::vector<ByteVector> inputs;
  for (std::uint32_t i = 0; i < message_count; ++i) {
    const std::string key = "orders." + std::string(i % 13, 'k');
    inputs.push_back(encoded(amqp::BasicPublish{.exchange = "amq.topic", .routing_key = key}));
  }
  for (auto _ : state) {
    for (const ByteVector& input : inputs) {
      amqp::BasicPublish publish;
      if (!amqp::decode(input, publish)) return state.SkipWithError("basic.publish is malformed");
      benchmark::DoNotOptimize(publish);
    }
  }
  count_items(state, inputs.size());
}
BENCHMARK(publish_decode);

void ack_decode(benchmark::State& state) {
  const ByteVector input = encoded(amqp::BasicAck{.delivery_tag = 77, .multiple = true});
  for (auto _ : state) {
    amqp::BasicAck ack;
    if (!amqp::decode(input, ack)) return state.SkipWithError("basic.ack is malformed");
    benchmark::DoNotOptimize(ack);
  }
  count_items(state, 1);
}
BENCHMARK(ack_decode);

void deliver_encode(benchmark::State& state) {
  amqp::BasicDeliver deliver{.consumer_tag = "amq.ctag-0123456789abcdefghijkl",
                             .exchange = "amq.topic",
                             .routing_key = "orders.created"};
  ByteVector out(amqp::method_frame_size(deliver));
  for (auto _ : state) {
    ++deliver.delivery_tag;
    benchmark::DoNotOptimize(amqp::store_method_frame(out.data(), 1, deliver));
    benchmark::ClobberMemory();
  }
  count_items(state, 1);
}
BENCHMARK(deliver_encode);

void properties_decode(benchmark::State& state) {
  core::PropertiesView properties = usual_properties();
  core::FieldTableWriter headers;
  for (std::int64_t i = 0; i < state.range(0); ++i) headers.int32("x-h" + std::to_string(i), 1);
  properties.headers = headers.bytes();
  if (state.range(0) > 0) properties.set(core::Property::headers);
  const ByteVector input = encoded(properties);
  for (auto _ : state) {
    core::PropertiesView out;
    if (!core::decode_properties(input, out)) return state.SkipWithError("properties are broken");
    benchmark::DoNotOptimize(out);
  }
  count_items(state, 1);
}
BENCHMARK(properties_decode)->ArgName("headers")->Arg(0)->Arg(1)->Arg(8);

void table_find(benchmark::State& state) {
  core::FieldTableWriter headers;
  for (int i = 0; i < 8; ++i) headers.int32("x-h" + std::to_string(i), i);
  const core::FieldTable table{headers.bytes()};
  for (auto _ : state) benchmark::DoNotOptimize(table.find("x-h7"));
  count_items(state, 1);
}
BENCHMARK(table_find);

void utf8_check(benchmark::State& state) {
  const std::string text(static_cast<std::size_t>(state.range(0)), 'k');
  for (auto _ : state) {
    const char* at = text.data();
    benchmark::DoNotOptimize(at);
    benchmark::DoNotOptimize(core::is_utf8({at, text.size()}));
  }
  count_items(state, 1);
}
BENCHMARK(utf8_check)->Arg(0)->Arg(7)->Arg(15)->Arg(30)->Arg(255);

/// All that a publish of one body frame costs before the broker sees it.
void publish_whole(benchmark::State& state) {
  const ByteVector stream = publish_stream();
  for (auto _ : state) {
    core::Bytes left = stream;
    amqp::Assembler assembler;
    while (!left.empty()) {
      const amqp::FrameResult result = amqp::next_frame(left, payload_max);
      if (!result.complete()) return state.SkipWithError("the stream is broken");
      left = left.subspan(result.size);
      const amqp::AssemblerEvent event = assembler.on_frame(result.frame);
      if (const auto* method = std::get_if<amqp::MethodReady>(&event)) {
        amqp::BasicPublish publish;
        if (!amqp::decode(method->arguments, publish)) return state.SkipWithError("bad method");
        benchmark::DoNotOptimize(publish);
      } else if (const auto* header = std::get_if<amqp::ContentHeader>(&event)) {
        core::PropertiesView properties;
        if (!core::decode_properties(header->properties, properties))
          return state.SkipWithError("bad properties");
        benchmark::DoNotOptimize(properties);
      } else {
        benchmark::DoNotOptimize(std::get<amqp::BodyPiece>(event));
      }
    }
  }
  count_items(state, message_count);
}
BENCHMARK(publish_whole);

}  // namespace
}  // namespace lepus
