/* sim_pcap.h - what both peers of a session sent, in the clear, as a file for tshark and Wireshark. */
#ifndef TAUT_SIM_PCAP_H
#define TAUT_SIM_PCAP_H

#include <stdbool.h>
#include <stdio.h>

#include "taut/trace.h"

/* The head of a capture. False: it cannot be written. */
bool sim_pcap_begin(FILE *f);
/* A packet that a side (0: alice, 1: bob) sent; what came in is passed over: the other sent it. */
void sim_pcap_packet(void *f, int side, const struct taut_trace_record *r);

#endif
