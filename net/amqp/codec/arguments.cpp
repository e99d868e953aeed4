// Words for arguments that could not be decoded.
#include "net/amqp/codec/arguments.h"

#include "net/amqp/codec/erlang_print.h"
#include "net/amqp/methods.gen.h"

namespace lepus::amqp {

core::AmqpError decode_error(MethodId method, core::Bytes arguments) {
  const DecodeFault fault = find_decode_fault(method, arguments);
  CHECK(fault.kind != DecodeFault::Kind::none);
  core::AmqpError error{.code = core::ReplyCode::frame_error,
                        .class_id = class_id_of(method),
                        .method_id = method_id_of(method)};
  switch (fault.kind) {
    case DecodeFault::Kind::wrong_size:
      error.detail = "cannot decode " + print_octets(arguments);
      return error;
    case DecodeFault::Kind::malformed_utf8:
      return {.code = core::ReplyCode::frame_error, .detail = "Malformed UTF-8 in shortstr"};
    case DecodeFault::Kind::malformed_table:
      error.code = core::ReplyCode::syntax_error;
      error.detail = fault.table.text();
      return error;
    case DecodeFault::Kind::none:
      break;
  }
  return error;
}

}  // namespace lepus::amqp
