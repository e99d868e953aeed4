// From secret and epoch to keys.
#include "net/tls/ticket_keys.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core/limits.h"

namespace lepus::net {
namespace {

using Digest = std::array<std::uint8_t, 32>;

Digest derive(const TicketSecret& secret, std::string_view purpose, std::int64_t epoch) {
  std::string text{purpose};
  text += std::to_string(epoch);
  Digest digest{};
  unsigned size = 0;
  const core::Bytes input = core::as_bytes(text);
  const bool is_made = HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
                            input.data(), input.size(), digest.data(), &size) != nullptr;
  CHECK(is_made && size == digest.size());
  return digest;
}

TicketKey make_key(const TicketSecret& secret, std::int64_t epoch) {
  TicketKey key{};
  const Digest name = derive(secret, "lepus ticket name ", epoch);
  std::copy_n(name.begin(), key.name.size(), key.name.begin());
  key.cipher = derive(secret, "lepus ticket cipher ", epoch);
  key.mac = derive(secret, "lepus ticket mac ", epoch);
  return key;
}

}  // namespace

void TicketKeys::move_to(core::Nanos now) {
  const std::int64_t epoch = now / core::limits::tls_ticket_period;
  if (epoch == epoch_) return;
  epoch_ = epoch;
  keys_ = {make_key(secret_, epoch), make_key(secret_, epoch - 1)};
}

const TicketKey& TicketKeys::newest(core::Nanos now) {
  move_to(now);
  return keys_[0];
}

TicketKeys::Found TicketKeys::find(core::Bytes name, core::Nanos now) {
  move_to(now);
  for (const TicketKey& key : keys_)
    if (std::ranges::equal(key.name, name)) return {&key, &key == keys_.data()};
  return {nullptr, false};
}

}  // namespace lepus::net
