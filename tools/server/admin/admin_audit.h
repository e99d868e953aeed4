// Who changed what: one line of the log for each request of an operator that changes or ends
// something, with its outcome. Passwords, values of parameters and whole files are not in it.
//
//   info general control "operator change" verb=set_policy arguments="ttl ^q {...}" vhost=/
//   by="uid 0 (root)" via=socket outcome=done
#pragma once

#include <string_view>

#include "core/base/log.h"
#include "tools/server/admin/admin.h"

namespace lepus::server {

bool is_logged_change(std::string_view verb);
/// Nothing for verbs that only look. `outcome`: "done", or what is wrong.
void log_change(core::Log& log, const AdminRequest& request, std::string_view outcome);

}  // namespace lepus::server
