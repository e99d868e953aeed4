// The network interfaces of the machine, for operators.
#pragma once

#include <string>
#include <vector>

namespace lepus::io {

/// One address of an interface; an interface without one is there once, with an empty address.
struct InterfaceAddress {
  std::string name;  ///< "eth0"
  bool is_up = false;
  std::string family;   ///< "inet", "inet6", or empty
  std::string address;  ///< "10.0.0.5"
  std::string netmask;  ///< "255.255.255.0"
};
/// In the kernel's order; empty when it does not say.
std::vector<InterfaceAddress> interface_addresses();

}  // namespace lepus::io
