// What happens in a simulated run, all of it drawn from the seed: the network, the device, and what
// each connection sends, when, and how it ends.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/random.h"
#include "core/base/time.h"
#include "net/bypass/frame.h"

namespace lepus::net::bypass::sim {

using core::Nanos;

/// Each must be noticed; see World.
enum class Mistake : std::uint8_t {
  none,
  damage_taken,   ///< The device says of damaged frames that their checksums are right.
  memory_reused,  ///< A client's bytes change while the stack may have to repeat them.
  input_skipped,  ///< A server does not look at a part of what came.
  window_closed,  ///< A client forgets that it used some of what came.
  frame_kept,     ///< A frame that was released does not come back.
  link_lost,      ///< The link does not come up again.
  count
};
inline constexpr std::array<std::string_view, static_cast<std::size_t>(Mistake::count)>
    mistake_names = {"none",          "damage_taken", "memory_reused", "input_skipped",
                     "window_closed", "frame_kept",   "link_lost"};

/// Of 10 000 frames.
struct FrameFaults {
  unsigned lost = 0;
  unsigned doubled = 0;
  unsigned late = 0;     ///< By up to late_max, so others overtake it.
  unsigned damaged = 0;  ///< One bit, behind the Ethernet header.
  unsigned cut = 0;      ///< Some bytes are missing at the end.
  bool any() const { return lost + doubled + late + damaged + cut > 0; }
};

struct LinkPlan {
  FrameFaults faults;
  Nanos delay = 0;
  Nanos late_max = 0;
  struct Down {
    Nanos from;
    Nanos until;
  };
  std::vector<Down> downs;
};

struct DevicePlan {
  std::uint16_t mtu = 1500;
  Offloads offloads;
  std::size_t frames = 0;
};

enum class End : std::uint8_t {
  orderly,       ///< Both send all, and read all.
  client_reset,  ///< After some of its bytes, or of the server's.
  server_close,  ///< The same, with output that waits.
};

struct SidePlan {
  std::size_t size = 0;        ///< Bytes it sends.
  std::size_t piece_max = 1;   ///< At once.
  unsigned pause_percent = 0;  ///< How often it stops to read, for up to pause_max.
};

struct ConnectionPlan {
  std::uint64_t content = 0;  ///< Its bytes follow from this.
  Nanos start = 0;
  SidePlan client;
  SidePlan server;
  End end = End::orderly;
  std::size_t end_after = 0;  ///< Bytes, of both together.
};

struct Plan {
  explicit Plan(std::uint64_t seed) : random(seed) {
    is_v6 = random.chance(30);
    constexpr std::uint16_t mtus[] = {1500, 1500, 9000, 1280};
    for (DevicePlan& device : devices) {
      device.mtu = mtus[random.below(std::size(mtus))];
      device.offloads = {random.chance(30), random.chance(30), random.chance(30)};
      device.frames = random.chance(20) ? 32 + random.below(96) : 4096;
    }
    draw_link();
    const std::size_t count = 1 + random.below(random.chance(20) ? 40 : 8);
    for (std::size_t i = 0; i < count; ++i) draw_connection();
  }

  static constexpr Nanos pause_max = 200 * core::nanos_per_ms;

  core::Random random;  ///< For what is drawn while it runs.
  bool is_v6 = false;
  std::array<DevicePlan, 2> devices;  ///< The server's, the clients'.
  LinkPlan link;
  std::vector<ConnectionPlan> connections;

 private:
  unsigned rate(unsigned percent, unsigned max) {
    return random.chance(percent) ? 1 + static_cast<unsigned>(random.below(max)) : 0;
  }
  void draw_link() {
    FrameFaults& faults = link.faults;
    if (random.chance(85))
      faults = {rate(70, 500), rate(50, 300), rate(50, 1000), rate(50, 200), rate(30, 100)};
    link.delay = static_cast<Nanos>(random.below(random.chance(30) ? 60 : 3)) * core::nanos_per_ms;
    link.late_max = static_cast<Nanos>(1 + random.below(60)) * core::nanos_per_ms;
    Nanos at = 0;
    for (std::uint64_t i = random.chance(40) ? 1 + random.below(3) : 0; i > 0; --i) {
      at += static_cast<Nanos>(random.below(4000)) * core::nanos_per_ms;
      const Nanos until = at + static_cast<Nanos>(1 + random.below(2000)) * core::nanos_per_ms;
      link.downs.push_back({at, until});
      at = until;
    }
  }
  SidePlan draw_side() {
    SidePlan side;
    const std::uint64_t kind = random.below(10);
    if (kind > 0) side.size = 1 + random.below(kind < 4 ? 200 : kind < 8 ? 40'000 : 600'000);
    side.piece_max = 1 + random.below(random.chance(30) ? 100 : 70'000);
    // Many pieces take many steps.
    side.piece_max = std::max(side.piece_max, side.size / 2000);
    side.pause_percent = random.chance(40) ? 1 + static_cast<unsigned>(random.below(20)) : 0;
    return side;
  }
  void draw_connection() {
    ConnectionPlan plan;
    plan.content = random.next();
    plan.start = static_cast<Nanos>(random.below(3000)) * core::nanos_per_ms;
    plan.client = draw_side();
    plan.server = draw_side();
    if (random.chance(20)) plan.end = random.chance(50) ? End::client_reset : End::server_close;
    plan.end_after = random.below(plan.client.size + plan.server.size + 1);
    connections.push_back(plan);
  }
};

}  // namespace lepus::net::bypass::sim
