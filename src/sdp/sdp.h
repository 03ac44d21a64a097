/* sdp.h - a session description as a structure: read it, build it, write it.
 *
 * RFC 8866, and the attributes a browser uses: RFC 8839 8840 (candidates), 9143 (group, mid,
 * bundle-only), 8830 (msid), 5576 (ssrc), 8851 8853 (rid, simulcast), 8285 (extmap), 4585 (rtcp-fb),
 * 5506 5761 8858 (rtcp-rsize, rtcp-mux), 8841 (data channels), 8122 4145 8842 (DTLS), 3605 (rtcp).
 *
 * Text to structure and back. What may be answered to what is src/peer's business: there is no
 * negotiation here, and nothing is looked up, resolved or decided.
 *
 * Reading is lenient where devices differ (LF alone, no last line end, attributes on either level,
 * fmtp of payload types that are not there: see warnings) and strict where two readers could
 * understand two things (numbers, duplicates, ranges). Writing is always strict.
 *
 * A description owns all its text and arrays in one arena, freed at once. Attributes this file
 * does not know are kept, in order, and written again. */
#ifndef TAUT_SDP_H
#define TAUT_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/env.h"
#include "taut/taut.h"

/* Ceilings of what is read; past one the description is refused with TAUT_E_LIMIT. */
enum {
	TT_SDP_MAX_BYTES = 256 * 1024,
	TT_SDP_MAX_LINE = 8 * 1024,
	TT_SDP_MAX_LINES = 4000,
	TT_SDP_MAX_MEDIA = 128,
	TT_SDP_MAX_ATTRS = 512, /* of one section; Chromium's video section alone has 174 today */
	TT_SDP_MAX_CODECS = 64,
	TT_SDP_MAX_EXTMAPS = 32,
	TT_SDP_MAX_SSRCS = 64, /* a=ssrc lines of one section */
	TT_SDP_MAX_CANDIDATES = 64,
	TT_SDP_MAX_GROUPS = 32,
	TT_SDP_MAX_RIDS = 16,
	TT_SDP_MAX_FINGERPRINTS = 16,
	TT_SDP_MAX_MISTAKES = 64,
	TT_SDP_MAX_FMTP_LINES = 16, /* of one section, that go on with what another began */
	TT_SDP_MID_LEN = 16, /* what the one-byte header extension carries, RFC 8285 section 4.2 */
};

/* Where a text could not be read and why. err points into buf: lend it, do not copy it. */
struct tt_sdp_error {
	struct taut_error err;
	char buf[256];
};

/* ---- the parts of a description; strings end in NUL, NULL: not said ---- */

struct tt_sdp_attr { /* "a=name:value", or "a=name" with value NULL */
	const char *name, *value;
};

struct tt_sdp_line { /* i u e p t r z, and c lines after the first */
	char type;
	const char *value;
};

struct tt_sdp_address { /* "IN IP4 192.0.2.1"; address NULL: none */
	const char *nettype, *addrtype, *address;
};

struct tt_sdp_bandwidth {
	const char *type; /* "AS": kbit/s, "TIAS": bit/s */
	uint64_t value;
};

struct tt_sdp_group { /* RFC 5888, RFC 9143 */
	const char *semantics;
	const char **mids;
	size_t mid_count;
};

struct tt_sdp_fingerprint { /* RFC 8122 section 5 */
	char hash[16];      /* lower case: "sha-256" */
	uint8_t value[64];
	uint8_t len;
};

enum tt_sdp_setup { /* RFC 4145 section 4 */
		    TT_SDP_SETUP_NONE,
		    TT_SDP_ACTIVE,
		    TT_SDP_PASSIVE,
		    TT_SDP_ACTPASS,
		    TT_SDP_HOLDCONN,
};

struct tt_sdp_extmap {     /* RFC 8285 section 8 */
	uint16_t id;       /* 1..255, or 4096..4351: offered, and not yet given an id */
	uint8_t direction; /* TAUT_SENDRECV and so on; 0: not said, that is sendrecv */
	const char *uri;
	const char *params; /* extension attributes, or NULL */
};

struct tt_sdp_codec { /* an entry of the m-line of an RTP section, in its order */
	uint8_t payload_type;
	uint8_t channels;     /* as written; 0: not said */
	uint32_t clock_rate;  /* 0 if name is NULL */
	bool is_static;       /* no a=rtpmap: name, rate and channels are RFC 3551's */
	const char *name;     /* as written: compare without case. NULL: nobody says */
	const char *fmtp;     /* everything after the payload type, or NULL; tt_sdp_fmtp_get */
	const char **rtcp_fb; /* "nack pli" */
	size_t rtcp_fb_count;
};

enum tt_sdp_transport { TT_SDP_UDP = 1, TT_SDP_TCP, TT_SDP_TRANSPORT_OTHER };
enum tt_sdp_candidate_type {
	TT_SDP_HOST = 1,
	TT_SDP_SRFLX,
	TT_SDP_PRFLX,
	TT_SDP_RELAY,
	TT_SDP_TYPE_OTHER, /* to be ignored, RFC 8839 section 5.1 */
};
enum tt_sdp_tcptype { TT_SDP_TCP_NONE, TT_SDP_TCP_ACTIVE, TT_SDP_TCP_PASSIVE, TT_SDP_TCP_SO };

struct tt_sdp_candidate { /* RFC 8839 section 5.1; needs no arena */
	char foundation[33];
	char transport_text[12], type_text[16]; /* as written; what the writer writes */
	char address[128];                      /* as written: literal or name */
	char raddr[64];                         /* "": none */
	char ufrag[257];                        /* the extension "ufrag", "": none */
	char extensions[256]; /* all other "name value" pairs, one space between; tt_sdp_pair_get */
	uint8_t transport, type, tcptype;
	bool is_local_name; /* "....local": multicast DNS knows it */
	bool has_generation;
	uint16_t component, port, rport; /* component 1..256 */
	uint32_t priority;
	uint32_t generation;
	struct taut_addr addr; /* address and port when it is a literal, else family 0 */
};

struct tt_sdp_msid {                /* RFC 8830; stream "-": none */
	const char *stream, *track; /* track may be NULL */
};

struct tt_sdp_ssrc { /* RFC 5576 section 4.1, a line each */
	uint32_t id;
	const char *attribute, *value; /* value may be NULL */
};

struct tt_sdp_ssrc_group {     /* RFC 5576 section 4.2 */
	const char *semantics; /* "FID", "SIM", "FEC-FR" */
	uint32_t *ids;
	size_t id_count;
};

struct tt_sdp_rid { /* RFC 8851 */
	const char *id;
	bool recv;          /* "recv", else "send" */
	const char *params; /* "pt=97;max-width=1280" or NULL; tt_sdp_fmtp_get reads it */
};

struct tt_sdp_simulcast_rid { /* RFC 8853 section 5.1, flattened */
	const char *rid;
	bool recv, paused;
	uint8_t stream; /* counts from 0 in each direction; equal numbers are alternatives */
};

/* What can stand on both levels. Ask through tt_sdp_ufrag and its like, which know
 * what a section inherits from the session. */
struct tt_sdp_common {
	struct tt_sdp_line *lines;
	size_t line_count;
	struct tt_sdp_address connection;
	struct tt_sdp_bandwidth *bandwidths;
	size_t bandwidth_count;
	const char *ice_ufrag, *ice_pwd;
	const char *ice_options; /* "trickle ice2"; tt_sdp_has_token */
	struct tt_sdp_fingerprint *fingerprints;
	size_t fingerprint_count;
	uint8_t setup;     /* enum tt_sdp_setup */
	uint8_t direction; /* TAUT_SENDRECV and so on; 0: not said */
	const char *tls_id;
	struct tt_sdp_extmap *extmaps;
	size_t extmap_count;
	bool extmap_allow_mixed;
	bool end_of_candidates;    /* RFC 8840 */
	struct tt_sdp_attr *attrs; /* all others */
	size_t attr_count;
};

enum tt_sdp_kind {
	TT_SDP_AUDIO = TAUT_AUDIO,
	TT_SDP_VIDEO = TAUT_VIDEO,
	TT_SDP_APPLICATION = 3,
	TT_SDP_OTHER = 4,
};

enum tt_sdp_proto {
	TT_SDP_PROTO_OTHER,
	TT_SDP_UDP_TLS_RTP_SAVPF,
	TT_SDP_UDP_TLS_RTP_SAVP,
	TT_SDP_TCP_DTLS_RTP_SAVPF,
	TT_SDP_TCP_DTLS_RTP_SAVP,
	TT_SDP_RTP_SAVPF,
	TT_SDP_RTP_SAVP,
	TT_SDP_RTP_AVPF,
	TT_SDP_RTP_AVP,
	TT_SDP_UDP_DTLS_SCTP,
	TT_SDP_TCP_DTLS_SCTP,
	TT_SDP_DTLS_SCTP, /* before RFC 8841: the port is the format, a=sctpmap */
};

struct tt_sdp_media {
	struct tt_sdp_common common;
	uint32_t line; /* of its m-line in the text it was read from, 0: it was built */
	uint8_t kind, proto;
	const char *kind_text, *proto_text;
	uint16_t port, port_count; /* "9/2": count 2; 0: not said */
	const char **formats;      /* of the m-line, unless it is RTP: then codecs has them */
	size_t format_count;
	const char *mid;
	bool bundle_only; /* RFC 9143 section 6 */
	bool rtcp_mux, rtcp_mux_only, rtcp_rsize;
	bool has_rtcp;
	uint16_t rtcp_port; /* RFC 3605 */
	struct tt_sdp_address rtcp_address;
	uint8_t connection_new; /* a=connection, RFC 4145 section 5: 1 new, 2 existing, 0 not said */

	struct tt_sdp_candidate *candidates;
	size_t candidate_count;

	struct tt_sdp_codec *codecs;
	size_t codec_count;
	const char **rtcp_fb_all; /* a=rtcp-fb:* */
	size_t rtcp_fb_all_count;
	struct tt_sdp_msid *msids;
	size_t msid_count;
	struct tt_sdp_ssrc *ssrcs;
	size_t ssrc_count;
	struct tt_sdp_ssrc_group *ssrc_groups;
	size_t ssrc_group_count;
	struct tt_sdp_rid *rids;
	size_t rid_count;
	struct tt_sdp_simulcast_rid *simulcast;
	size_t simulcast_count;

	bool has_sctp_port, has_max_message_size;
	uint16_t
		sctp_port; /* RFC 8841 section 5; tt_sdp_sctp_port knows the older form and the default */
	uint64_t max_message_size; /* 0: any; tt_sdp_max_message_size knows the default */
	const char *sctp_init;     /* an INIT chunk in base64, draft-hancke-tsvwg-snap */
	const char *sctpmap;       /* of the older form: "5000 webrtc-datachannel 1024" */
};

/* Something read, understood, and left out because it means nothing where it stands. */
struct tt_sdp_warning {
	uint32_t line;
	const char *text;
};

struct tt_sdp {
	struct tt_sdp_common common;
	const char *username, *session_name;
	uint64_t sess_id, sess_version;
	struct tt_sdp_address origin;
	bool ice_lite, has_ice_pacing;
	uint64_t ice_pacing;       /* ms between two checks, RFC 8839 section 5.5; below 10^10 */
	const char *msid_semantic; /* "WMS *" */
	struct tt_sdp_group *groups;
	size_t group_count;
	struct tt_sdp_media **media;
	size_t media_count;
	struct tt_sdp_warning *warnings; /* of the reader; not part of what is equal */
	size_t warning_count;
	struct tt_sdp_error **mistakes; /* of tt_sdp_read_on */
	size_t mistake_count;
	/* the builder's */
	struct tt_env *env;
	struct tt_sdp_block *blocks;
	size_t room, next_block; /* of all blocks; of the one to come */
	struct tt_sdp_scrap *scrap;
	bool failed; /* memory ran out while building */
};

/* ---- read ---- */

/* Reads len bytes of text. 0, TAUT_E_SYNTAX, TAUT_E_LIMIT or TAUT_E_NOMEM; then *out is NULL and
 * err (may be NULL) says line and column from 1, what was found, what was expected, which rule. */
int tt_sdp_read(struct tt_sdp **out, struct tt_env *env, const char *text, size_t len,
		struct tt_sdp_error *err);
/* The same, but what is refused by TAUT_E_SYNTAX is left out, listed in mistakes, and reading goes
 * on: for those who want to know all that is wrong. More than 64: TAUT_E_LIMIT. err is no NULL. */
int tt_sdp_read_on(struct tt_sdp **out, struct tt_env *env, const char *text, size_t len,
		   struct tt_sdp_error *err);
void tt_sdp_free(struct tt_sdp *sdp); /* NULL is fine */

/* One candidate as it comes by trickle: "candidate:..." or "a=candidate:...", with or without a
 * line end. 0 or TAUT_E_SYNTAX; err may be NULL, its line is 1. */
int tt_sdp_candidate_read(struct tt_sdp_candidate *out, const char *text, size_t len,
			  struct tt_sdp_error *err);
/* "candidate:..." with a NUL. Its length, or 0: buf is too short (TT_SDP_CANDIDATE_TEXT never is). */
enum { TT_SDP_CANDIDATE_TEXT = 1024 };
size_t tt_sdp_candidate_write(const struct tt_sdp_candidate *c, char *buf, size_t cap);

/* ---- ask ---- */

/* What holds for a section, its own or the session's; sdp NULL or m NULL: only the other. */
const char *tt_sdp_ufrag(const struct tt_sdp *sdp, const struct tt_sdp_media *m);
const char *tt_sdp_pwd(const struct tt_sdp *sdp, const struct tt_sdp_media *m);
const char *tt_sdp_ice_options(const struct tt_sdp *sdp, const struct tt_sdp_media *m); /* or "" */
const char *tt_sdp_tls_id(const struct tt_sdp *sdp, const struct tt_sdp_media *m);
uint8_t tt_sdp_setup(const struct tt_sdp *sdp, const struct tt_sdp_media *m);
uint8_t tt_sdp_direction(const struct tt_sdp *sdp, const struct tt_sdp_media *m); /* never 0 */
bool tt_sdp_allow_mixed(const struct tt_sdp *sdp, const struct tt_sdp_media *m);
const struct tt_sdp_fingerprint *tt_sdp_fingerprints(const struct tt_sdp *sdp,
						     const struct tt_sdp_media *m, size_t *count);
uint16_t tt_sdp_sctp_port(const struct tt_sdp_media *m);        /* 5000 unless said otherwise */
uint64_t tt_sdp_max_message_size(const struct tt_sdp_media *m); /* 65536 unless said; 0: any */

bool tt_sdp_is_rtp(const struct tt_sdp_media *m); /* by its proto */
bool tt_sdp_is_sctp(const struct tt_sdp_media *m);
struct tt_sdp_media *tt_sdp_media_by_mid(const struct tt_sdp *sdp, const char *mid, size_t *index);
struct tt_sdp_codec *tt_sdp_codec_by_pt(const struct tt_sdp_media *m, unsigned payload_type);
bool tt_sdp_codec_is(const struct tt_sdp_codec *c, const char *name); /* without case */
/* Its own rtcp-fb or the section's a=rtcp-fb:*. */
bool tt_sdp_codec_has_fb(const struct tt_sdp_media *m, const struct tt_sdp_codec *c,
			 const char *fb);
const struct tt_sdp_extmap *tt_sdp_extmap_by_uri(const struct tt_sdp *sdp,
						 const struct tt_sdp_media *m, const char *uri);
/* The first group of these semantics that holds mid (NULL: any). */
const struct tt_sdp_group *tt_sdp_group_of(const struct tt_sdp *sdp, const char *semantics,
					   const char *mid);
const struct tt_sdp_attr *tt_sdp_attr(const struct tt_sdp_common *c, const char *name);
/* The payload type that one of retransmissions is for, RFC 4588 section 8.6. False: not said. */
bool tt_sdp_apt(const struct tt_sdp_codec *c, unsigned *apt);
const char *tt_sdp_ssrc_value(const struct tt_sdp_media *m, uint32_t id, const char *attribute);

/* "key=value;key=value" (fmtp, rid): the value into buf, with a NUL. Its length, -1: no such key or
 * too long for buf. A key without "=" has the value "". Keys are compared without case. */
int tt_sdp_fmtp_get(const char *fmtp, const char *key, char *buf, size_t cap);
/* The same for "name value name value", the extensions of a candidate. */
int tt_sdp_pair_get(const char *pairs, const char *name, char *buf, size_t cap);
bool tt_sdp_has_token(const char *list, const char *token); /* of words with spaces between */

bool tt_sdp_equal(const struct tt_sdp *a, const struct tt_sdp *b, const char **difference);

/* ---- build ----
 *
 * Helpers copy their text into the arena and never return NULL: with memory used up they hand out
 * a scrap to be filled in vain, and tt_sdp_write answers TAUT_E_NOMEM. So a builder checks once.
 * Those that return an element want a description that tt_sdp_new made; to one that was read,
 * candidates may be added.
 * Sections stay where they are; any other element moves with the next of its kind. Fields of text
 * are set to what tt_sdp_text returns, or to literals. */

/* v=0, o=- 0 0 IN IP4 127.0.0.1, s=-, t=0 0. NULL: out of memory. */
struct tt_sdp *tt_sdp_new(struct tt_env *env);
const char *tt_sdp_text(struct tt_sdp *sdp, const char *fmt, ...)
#if defined __GNUC__
	__attribute__((format(printf, 2, 3)))
#endif
	;
/* NULL stays NULL; without memory it is "", and the description has failed. */
const char *tt_sdp_copy(struct tt_sdp *sdp, const char *text);

struct tt_sdp_media *tt_sdp_add_media(struct tt_sdp *sdp, enum tt_sdp_kind kind, uint16_t port,
				      enum tt_sdp_proto proto);
void tt_sdp_add_format(struct tt_sdp *sdp, struct tt_sdp_media *m, const char *format);
/* fmtp may be NULL. */
struct tt_sdp_codec *tt_sdp_add_codec(struct tt_sdp *sdp, struct tt_sdp_media *m,
				      uint8_t payload_type, const char *name, uint32_t clock_rate,
				      uint8_t channels, const char *fmtp);
void tt_sdp_add_rtcp_fb(struct tt_sdp *sdp, struct tt_sdp_codec *c, const char *fb);
void tt_sdp_add_candidate(struct tt_sdp *sdp, struct tt_sdp_media *m,
			  const struct tt_sdp_candidate *c);
struct tt_sdp_extmap *tt_sdp_add_extmap(struct tt_sdp *sdp, struct tt_sdp_common *at, uint16_t id,
					uint8_t direction, const char *uri);
void tt_sdp_add_msid(struct tt_sdp *sdp, struct tt_sdp_media *m, const char *stream,
		     const char *track);
void tt_sdp_add_ssrc(struct tt_sdp *sdp, struct tt_sdp_media *m, uint32_t id, const char *attribute,
		     const char *value);
void tt_sdp_add_ssrc_group(struct tt_sdp *sdp, struct tt_sdp_media *m, const char *semantics,
			   const uint32_t *ids, size_t count);
void tt_sdp_add_rid(struct tt_sdp *sdp, struct tt_sdp_media *m, const char *id, bool recv,
		    const char *params);
void tt_sdp_add_simulcast(struct tt_sdp *sdp, struct tt_sdp_media *m, const char *rid, bool recv,
			  bool paused, uint8_t stream);
struct tt_sdp_group *tt_sdp_add_group(struct tt_sdp *sdp, const char *semantics);
void tt_sdp_group_add(struct tt_sdp *sdp, struct tt_sdp_group *g, const char *mid);
void tt_sdp_add_fingerprint(struct tt_sdp *sdp, struct tt_sdp_common *at, const char *hash,
			    const uint8_t *value, size_t len); /* at most 64 */
void tt_sdp_add_attr(struct tt_sdp *sdp, struct tt_sdp_common *at, const char *name,
		     const char *value); /* value may be NULL */
void tt_sdp_add_bandwidth(struct tt_sdp *sdp, struct tt_sdp_common *at, const char *type,
			  uint64_t value);
struct tt_sdp_address tt_sdp_address(struct tt_sdp *sdp, const char *addrtype, const char *address);

/* A candidate of an address: type and transport texts, address text and literal, component 1. */
void tt_sdp_candidate_init(struct tt_sdp_candidate *c, enum tt_sdp_transport transport,
			   enum tt_sdp_candidate_type type, const struct taut_addr *addr);

/* ---- write ---- */

/* The whole text, CRLF after each line and a NUL after the last; tt_free(env, *out). 0,
 * TAUT_E_NOMEM, or TAUT_E_INVAL: a text holds a line end or what must be said is missing. */
int tt_sdp_write(const struct tt_sdp *sdp, struct tt_env *env, char **out, size_t *len);

/* What it says, in words, a line for a fact. */
void tt_sdp_summary(const struct tt_sdp *sdp,
		    void (*write)(void *ctx, const char *text, size_t len), void *ctx);

/* ---- explain ---- */

struct tt_sdp_told {            /* one line of a text, and what it means; lent for the call */
	uint32_t line, section; /* both from 1; section 0: the session's part */
	const char *text;       /* the line without its end */
	size_t len;
	const char *kind;               /* "m=", "a=rtpmap"; "": no line of SDP */
	const char *words;              /* what such a line says; "" */
	const char *value;              /* what this one says; "" */
	const char *spec;               /* where the words are from; "" */
	const char *value_spec;         /* where the value's are from, if elsewhere; "" */
	const char *remark;             /* what became of it, "left out: ..."; or NULL */
	bool known;                     /* all of it */
	bool secret;                    /* it holds a password or a key: do not show the text */
	const struct taut_error *error; /* it was refused, and why; or NULL */
};

/* Tells each line of a text; blank ones are no lines. One that has two mistakes is told twice. 0;
 * TAUT_E_SYNTAX: some were refused, and told as such; TAUT_E_LIMIT and TAUT_E_NOMEM: nothing was
 * told, err (no NULL) says where. */
int tt_sdp_explain(struct tt_env *env, const char *text, size_t len, struct tt_sdp_error *err,
		   void (*tell)(void *ctx, const struct tt_sdp_told *told), void *ctx);

/* The names of enum values, as SDP spells them. */
const char *tt_sdp_direction_text(unsigned direction);
const char *tt_sdp_setup_text(unsigned setup);
const char *tt_sdp_kind_text(unsigned kind);

#endif
