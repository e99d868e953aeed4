// The methods OpenSSL calls.
#include "net/tls/tls_wire.h"

#include <algorithm>

namespace lepus::net {
namespace {

TlsWire& wire_of(BIO* bio) { return *static_cast<TlsWire*>(BIO_get_data(bio)); }

int take_input(BIO* bio, char* target, std::size_t room, std::size_t* size) {
  core::Bytes& input = wire_of(bio).input;
  BIO_clear_retry_flags(bio);
  *size = std::min(room, input.size());
  if (*size == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(target, input.data(), *size);
  input = input.subspan(*size);
  return 1;
}

int add_output(BIO* bio, const char* data, std::size_t size, std::size_t* written) {
  BIO_clear_retry_flags(bio);
  wire_of(bio).output->append({reinterpret_cast<const std::uint8_t*>(data), size});
  *written = size;
  return 1;
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BioMethodPtr make_method() {
  BioMethodPtr method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "lepus wire"));
  if (method == nullptr) return method;
  BIO_meth_set_read_ex(method.get(), take_input);
  BIO_meth_set_write_ex(method.get(), add_output);
  BIO_meth_set_ctrl(method.get(), control);
  return method;
}

}  // namespace

BioPtr make_wire_bio(TlsWire& wire) {
  static const BioMethodPtr method = make_method();
  if (method == nullptr) return nullptr;
  BioPtr bio(BIO_new(method.get()));
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio.get(), &wire);
  BIO_set_init(bio.get(), 1);
  return bio;
}

}  // namespace lepus::net
