// Class, method and arguments of any kind. What must hold: what can be decoded can be encoded, in
// exactly the announced size, and decodes to the same again (not the same bytes: reserved fields
// are written as zero); what cannot be decoded has an error with readable words.
#include <cstdint>
#include <vector>

#include "core/base/assert.h"
#include "core/base/utf8.h"
#include "net/amqp/codec/frame.h"
#include "net/amqp/methods.gen.h"

namespace lepus::amqp {
namespace {

template <class Method>
std::vector<std::uint8_t> encoded(const Method& method) {
  std::vector<std::uint8_t> out(encoded_size(method));
  CHECK(encode(out.data(), method) == out.data() + out.size());
  return out;
}

template <class Method>
void check(Method method, core::Bytes arguments) {
  if (!decode(arguments, method)) {
    const core::AmqpError error = decode_error(Method::id, arguments);
    CHECK(!error.channel_only());
    CHECK(!error.detail.empty());
    CHECK(core::is_utf8(error.detail));
    return;
  }
  CHECK(find_decode_fault(Method::id, arguments) == DecodeFault::Kind::none);
  const std::vector<std::uint8_t> first = encoded(method);
  // Nothing but bits has more than one encoding, and reserved texts become shorter.
  CHECK(first.size() <= arguments.size());
  Method again;
  CHECK(decode(core::Bytes{first}, again));
  CHECK(encoded(again) == first);
}

void run(core::Bytes input) {
  if (input.size() < method_header_size) return;
  const std::uint32_t number = core::load_u32(input.data());
  const auto class_id = static_cast<std::uint16_t>(number >> 16);
  const auto method_id = static_cast<std::uint16_t>(number & 0xffff);
  const auto id = static_cast<MethodId>(number);
  CHECK(is_known(class_id, method_id) == (method_name(id) != "unknown method"));
  if (!is_known(class_id, method_id)) return;
  visit_method(id, [&](auto method) { check(method, input.subspan(method_header_size)); });
}

}  // namespace
}  // namespace lepus::amqp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lepus::amqp::run({data, size});
  return 0;
}
