// Where the whole of ConnectionRights has to be known.
#include "net/amqp/connection/facts.h"

#include "net/amqp/connection/connection_rights.h"

namespace lepus::amqp {

core::SessionOwner session_owner(const ConnectionFacts& facts, std::uint16_t channel) {
  return {facts.user, facts.user_id, facts.vhost_name,  facts.vhost, facts.id,
          channel,    false,         facts.login.rights};
}

}  // namespace lepus::amqp
