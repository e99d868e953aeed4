// How lwIP is built for a shard: TCP over IPv4 and IPv6 for one thread without an operating system,
// static addresses, no fragments, no UDP. What an untrusted frame may reach is kept small.
#pragma once

// ---- one thread, memory from malloc ----
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_STATS 1
#define LWIP_STATS_LARGE 1
#define LWIP_STATS_DISPLAY 0
#define MEM_STATS 0
#define MEMP_STATS 0
#define SYS_STATS 0
#define MIB2_STATS 1
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 8
#define LWIP_SUPPORT_CUSTOM_PBUF 1
#define PBUF_LINK_HLEN 18  // With a VLAN's tag.

// ---- protocols ----
#define LWIP_TCP 1
#define LWIP_UDP 0
#define LWIP_UDPLITE 0
#define LWIP_RAW 0
#define LWIP_DHCP 0
#define LWIP_AUTOIP 0
#define LWIP_ACD 0
#define LWIP_DNS 0
#define LWIP_IGMP 0
#define LWIP_ICMP 1
#define IP_FORWARD 0
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define IP_OPTIONS_ALLOWED 0
#define LWIP_HAVE_LOOPIF 0
#define LWIP_NETIF_LOOPBACK 0
#define LWIP_IPV6 1
#define LWIP_IPV6_MLD 0
#define LWIP_IPV6_REASS 0
#define LWIP_IPV6_FRAG 0
#define LWIP_IPV6_AUTOCONFIG 0
#define LWIP_IPV6_SEND_ROUTER_SOLICIT 0
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS 0
#define LWIP_IPV6_NUM_ADDRESSES 8
#define LWIP_ND6_NUM_NEIGHBORS 64
#define LWIP_ND6_NUM_DESTINATIONS 64
#define LWIP_ND6_QUEUEING 0
#define LWIP_SINGLE_NETIF 0  // One for each IPv4 address.
#define ARP_TABLE_SIZE 64
#define ARP_QUEUEING 0
#define ETHARP_TRUST_IP_MAC 0

// ---- TCP ----
#define TCP_MSS 8960  // Of frames of 9000 bytes; the MTU makes it less.
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 6
#define TCP_WND (2 * 1024 * 1024)
#define TCP_SND_BUF (2 * 1024 * 1024)
#define TCP_SND_QUEUELEN 8192
#define TCP_SNDLOWAT 16384
#define TCP_SNDQUEUELOWAT 1024
#define TCP_WND_UPDATE_THRESHOLD (16 * 1024)
#define LWIP_TCP_SACK_OUT 1
#define LWIP_TCP_TIMESTAMPS 1
#define TCP_QUEUE_OOSEQ 1
#define TCP_OOSEQ_MAX_BYTES (512 * 1024)
#define TCP_LISTEN_BACKLOG 0  // Half-open connections have a limit of our own.
#define SO_REUSE 1
#define TCP_TMR_INTERVAL 50
#define TCP_MSL 5000
#define TCP_SYNMAXRTX 4
#define TCP_MAXRTX 10
#define LWIP_TCP_KEEPALIVE 0
#define TCP_OVERSIZE 0  // Nothing is copied into segments.

#define LWIP_CHKSUM lepus_checksum
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1  // A device may compute them.
#define LWIP_HOOK_FILENAME "net/dpdk/lwip/hooks.h"
#define LWIP_HOOK_TCP_ISN lepus_initial_sequence
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, header, options, first, second, bytes) \
  lepus_judge_segment(pcb, header, bytes)
#define LWIP_HOOK_ND6_GET_GW(netif, target) lepus_gateway_v6()
