// What lwIP calls in our code. For C and C++; lwIP's headers come first.
#pragma once

#include <lwip/err.h>
#include <lwip/ip_addr.h>

struct pbuf;
struct tcp_hdr;
struct tcp_pcb;

#ifdef __cplusplus
extern "C" {
#endif
/// A number that nobody can guess who does not know the secret (RFC 6528).
u32_t lepus_initial_sequence(const ip_addr_t* local, u16_t local_port, const ip_addr_t* remote,
                             u16_t remote_port);
/// Whether a connection takes a segment of `bytes`, whose header is in the host's byte order.
err_t lepus_judge_segment(const struct tcp_pcb* pcb, const struct tcp_hdr* header,
                          const struct pbuf* bytes);
/// Who is asked for the way to other networks; null: nobody.
const ip6_addr_t* lepus_gateway_v6(void);
#ifdef __cplusplus
}
#endif
