// Which thread runs on which CPU of the machine, for a picture of it.
#pragma once

#include <vector>

#include "tools/server/admin/json_writer.h"
#include "tools/server/placement/network_interrupts.h"
#include "tools/server/placement/placement.h"

namespace lepus::server {

/// An object:
///   {"pinned":true,"cpus":[{"cpu":0,"core":0,"node":0,"allowed":true,"shards":[0],"helpers":false,
///     "network":["eth0"]}],"network":[{"name":"eth0","irqs":4,"cpus":[0,1]}],"warnings":[..]}
/// `helpers`: the control and admin thread, the log and the like may run there. Without `pinned`
/// shards run where the kernel likes, among the CPUs that are allowed.
void write_placement(const Placement& placement, const std::vector<NetworkCard>& cards,
                     JsonWriter& json);

}  // namespace lepus::server
