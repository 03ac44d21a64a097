/* stun_attr.h - what stun_read.c needs to know about each attribute. */
#ifndef TAUT_STUN_STUN_ATTR_H
#define TAUT_STUN_STUN_ATTR_H

#include "base/rd.h"
#include "stun/stun.h"

struct tt_stun_attr_rule {
	uint16_t type, min, max;
	uint32_t flag; /* TT_STUN_HAS_ */
	enum tt_stun_err (*read)(struct rd *v, struct tt_stun_msg *m);
};

const struct tt_stun_attr_rule *tt_stun_attr_rule(uint16_t type);
/* 14.1: an address without XOR. */
enum tt_stun_err tt_stun_read_address(struct rd *v, struct taut_addr *out);

#endif
