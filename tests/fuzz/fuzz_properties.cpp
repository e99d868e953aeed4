// Any bytes as the properties of a message. What must hold: accepted ones encode to the same bytes
// again, refused ones have an error, and both ways of decoding agree.
#include <cstdint>
#include <vector>

#include "core/base/assert.h"
#include "core/message/properties.h"

namespace lepus::core {
namespace {

void run(Bytes input) {
  PropertiesView view;
  const bool good = decode_properties(input, view);
  const Result<PropertiesView> result = parse_properties(input);
  CHECK(result.ok() == good);
  if (!good) {
    CHECK(result.error().code == ReplyCode::syntax_error);
    CHECK(!result.error().detail.empty());
    return;
  }
  for (const FieldEntry& entry : view.header_table()) CHECK(!entry.value.type_name().empty());
  std::vector<std::uint8_t> encoded(encoded_size(view));
  CHECK(encode_properties(encoded.data(), view) == encoded.data() + encoded.size());
  CHECK(as_text(encoded) == as_text(input));
}

}  // namespace
}  // namespace lepus::core

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lepus::core::run({data, size});
  return 0;
}
