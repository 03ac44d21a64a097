/* Each line is told with what it is for and what it says; what is wrong does not hide the rest. */
#define _DEFAULT_SOURCE
#include "sdp_support.h"

#include "base/num.h"
#include "sdp/sdp_attrs.h"
#include "sdp/sdp_meanings.h"

#define AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0 126\r\na=rtpmap:111 opus/48000/2\r\n"
#define VIDEO                                                                                      \
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 35\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 "        \
	"rtx/90000\r\na=rtpmap:102 H264/90000\r\n"
#define DATA "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
#define OLD  "m=application 9 DTLS/SCTP 5000\r\n"

static struct tt_env env;

struct heard {
	char text[16384];
	size_t len, calls;
	bool all_known;
};

/* "LINE/SECTION KIND words: value [spec; spec] {remark} !error", less what is not said. */
static void hear(void *ctx, const struct tt_sdp_told *t)
{
	struct heard *h = ctx;
	char *p = h->text + h->len;
	const size_t room = sizeof h->text - h->len;

	h->calls++;
	h->all_known = h->all_known && t->known;
	const int n = snprintf(p, room, "%u/%u %s%s%s %s [%s%s%s]%s%s%s%s%s\n", (unsigned)t->line,
			       (unsigned)t->section, t->kind, t->known ? "" : " UNKNOWN",
			       t->secret ? " SECRET" : "", t->value, t->spec,
			       t->value_spec[0] ? "; " : "", t->value_spec, t->remark ? " {" : "",
			       t->remark ? t->remark : "", t->remark ? "}" : "",
			       t->error ? " !" : "", t->error ? t->error->message : "");
	assert_true(n > 0 && (size_t)n < room);
	assert_true(t->kind[0] == '\0' || t->words[0] != '\0');
	assert_true(strlen(t->value) < 2048);
	h->len += (size_t)n;
}

/* What is told of a text out of a buffer of exactly its size. */
static int explain(struct heard *h, const char *text, size_t len)
{
	struct tt_sdp_error err;
	char *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	if (len > 0)
		memcpy(exact, text, len);
	*h = (struct heard){ .all_known = true };
	const int code = tt_sdp_explain(&env, exact, len, &err, hear, h);
	assert_true(code == 0 || err.err.code != 0);
	if (code != 0) {
		assert_true(strlen(err.err.found) > 0 && strlen(err.err.expected) > 0);
	}
	free(exact);
	assert_int_equal(env.memory, 0);
	return code;
}

/* The last line of the text, as it is told. */
static const char *last(struct heard *h, const char *text)
{
	const int code = explain(h, text, strlen(text));
	assert_true((code == 0 || code == TAUT_E_SYNTAX) && h->len > 0);
	h->text[h->len - 1] = '\0';
	const char *lf = strrchr(h->text, '\n');
	return lf ? lf + 1 : h->text;
}

static void a_line_is_told_with_its_value(void **state)
{
	static const struct {
		const char *text, *told;
	} rows[] = {
		{ "v=0\r\n",
		  "1/0 v=  [RFC 8866 section 5.1] !no o= line in the whole description" },
		{ "v=0\r\no=ada 7 8 IN IP4 192.0.2.1\r\n",
		  "2/0 o= session 7 in version 8, by ada at 192.0.2.1 [RFC 8866 section 5.2]" },
		{ "v=0\r\no=- 7 8 IN IP4 192.0.2.1\r\n",
		  "2/0 o= session 7 in version 8, by nobody named at 192.0.2.1 [RFC 8866 section "
		  "5.2]" },
		{ MINIMAL, "4/0 t= from now on, without an end [RFC 8866 section 5.9]" },
		{ MINIMAL "t=1 0\r\n",
		  "5/0 t= from 1 to 0, in seconds of NTP [RFC 8866 section 5.9]" },
		{ MINIMAL "t=0 1\r\n",
		  "5/0 t= from 0 to 1, in seconds of NTP [RFC 8866 section 5.9]" },
		{ MINIMAL "s=\r\n", "5/0 s=  [RFC 8866 section 5.3]" },
		{ MINIMAL "s-\r\n", "5/0  UNKNOWN  [] !not a line of a description" },
		{ MINIMAL VIDEO,
		  "8/1 a=rtpmap 102 is H264, with 90000 ticks a second: video (AVC) [RFC "
		  "8866 section 6.6; RFC 6184]" },
		{ MINIMAL "s=x\r\n", "5/0 s=  [RFC 8866 section 5.3]" },
		{ MINIMAL "i=x\r\n", "5/0 i=  [RFC 8866 section 5.4]" },
		{ MINIMAL "k=clear:x\r\n", "5/0 k= SECRET  [RFC 8866 section 5.12] {left out: keys "
					   "do not belong here, RFC 8866 "
					   "section 5.12}" },
		{ MINIMAL "f=x\r\n",
		  "5/0  UNKNOWN  [] {left out: a type letter that RFC 8866 does not have}" },
		{ MINIMAL "c=IN IP4 0.0.0.0\r\n",
		  "5/0 c= none; ICE finds it [RFC 8866 section 5.7]" },
		{ MINIMAL "c=IN IP6 ::\r\n", "5/0 c= none; ICE finds it [RFC 8866 section 5.7]" },
		{ MINIMAL "c=IN IP6 ::1\r\n", "5/0 c= ::1 [RFC 8866 section 5.7]" },
		{ MINIMAL "b=AS:7\r\n", "5/0 b= 7 kbit/s for this description or section, with the "
					"headers of IP [RFC 8866 "
					"section 5.8]" },
		{ MINIMAL "b=TIAS:7\r\n", "5/0 b= 7 bit/s without the headers of lower layers [RFC "
					  "8866 section 5.8; RFC 3890]" },
		{ MINIMAL "b=X:7\r\n",
		  "5/0 b= UNKNOWN 7 X, which nobody here knows [RFC 8866 section 5.8]" },
		{ MINIMAL "m=audio 0 RTP/AVP 0\r\n",
		  "5/1 m= audio; RTP, not encrypted; port 0: rejected, or stopped; 1 payload type, "
		  "the "
		  "first is liked best [RFC 8866 section 5.14; RFC 3551]" },
		{ MINIMAL "m=audio 9 RTP/AVP 0 8\r\n",
		  "5/1 m= audio; RTP, not encrypted; port 9: none, ICE finds it; 2 payload types, "
		  "the "
		  "first is liked best [RFC 8866 section 5.14; RFC 3551]" },
		{ MINIMAL "m=text 10 FOO x\r\n", "5/1 m= UNKNOWN text; FOO, which nobody here "
						 "knows; port 10 [RFC 8866 section 5.14]" },
		{ MINIMAL "a=group:BUNDLE\r\n", "5/0 a=group : one transport for all of them, the "
						"first one's [RFC 5888 section 5; RFC "
						"9143 section 7]" },
		{ MINIMAL "a=group:FOO 1 2\r\n",
		  "5/0 a=group UNKNOWN 1 2: FOO, which nobody here knows [RFC 5888 section 5]" },
		{ MINIMAL "a=ice-pwd:0123456789012345678901\r\n",
		  "5/0 a=ice-pwd SECRET 22 characters [RFC 8839 section 5.4]" },
		{ MINIMAL "a=ice-options:trickle ice2\r\n",
		  "5/0 a=ice-options candidates may come later, one by one; ICE as of RFC 8445 "
		  "[RFC 8839 "
		  "section 5.6; RFC 8445 section 10]" },
		{ MINIMAL "a=setup:actpass\r\n", "5/0 a=setup either; the answer decides [RFC 4145 "
						 "section 4; RFC 8842 section 5.2]" },
		{ MINIMAL "a=setup:HoldConn\r\n",
		  "5/0 a=setup nobody, for now [RFC 4145 section 4]" },
		{ MINIMAL "a=inactive\r\n", "5/0 a=inactive  [RFC 8866 section 6.7]" },
		{ MINIMAL "a=tool: x\r\n", "5/0 a=tool  [RFC 8866 section 6.3]" },
		{ MINIMAL "a=what:x\r\n", "5/0 a=what UNKNOWN  [RFC 8866 section 5.13]" },
		{ MINIMAL "a=what \r\n", "5/0 a=what UNKNOWN  [RFC 8866 section 5.13]" },
		{ MINIMAL "a=mid:x\r\n", "5/0 a=mid  [RFC 5888 section 4] {kept: it means "
					 "something only below an m-line}" },
		{ MINIMAL "a=rtpmap:1 x\r\n", "5/0 a=rtpmap  [RFC 8866 section 6.6] {kept: it "
					      "means something only in a section of "
					      "RTP}" },
		{ MINIMAL DATA "a=group:x\r\n", "6/1 a=group  [RFC 5888 section 5] {kept: it means "
						"something only before the first "
						"m-line}" },
		{ MINIMAL DATA "a=sctpmap:5000 x\r\n",
		  "6/1 a=sctpmap  [draft-ietf-mmusic-sctp-sdp-06] {kept: it means something only "
		  "where "
		  "the m-line has DTLS/SCTP}" },
		{ MINIMAL OLD "a=sctpmap:5000 x\r\n",
		  "6/1 a=sctpmap  [draft-ietf-mmusic-sctp-sdp-06]" },
		{ MINIMAL DATA "a=max-message-size:0\r\n",
		  "6/1 a=max-message-size any [RFC 8841 section 6]" },
		{ MINIMAL DATA "a=max-message-size:7\r\n",
		  "6/1 a=max-message-size 7 bytes [RFC 8841 section 6]" },
		{ MINIMAL DATA "a=crypto:1 X inline:y\r\n",
		  "6/1 a=crypto SECRET  [RFC 4568 section 4]" },
		{ MINIMAL AUDIO "a=candidate:1 1 udp 7 192.0.2.1 5000 typ host\r\n",
		  "7/1 a=candidate an address of the host itself; udp, 192.0.2.1 port 5000; for "
		  "RTP, or "
		  "all; priority 7 [RFC 8839 section 5.1]" },
		{ MINIMAL AUDIO
		  "a=candidate:1 2 tcp 7 x.local 9 typ srflx raddr ::1 rport 3 tcptype "
		  "active\r\n",
		  "7/1 a=candidate the address that a STUN server saw: that of a NAT; TCP, which "
		  "it "
		  "opens, x.local port 9 (a name of multicast DNS that hides an address); for "
		  "RTCP; seen "
		  "from ::1 port 3; priority 7 [RFC 8839 section 5.1]" },
		{ MINIMAL AUDIO "a=candidate:1 1 tcp 7 ::1 9 typ what\r\n",
		  "7/1 a=candidate UNKNOWN what, which nobody here knows; TCP, ::1 port 9; for "
		  "RTP, or "
		  "all; priority 7 [RFC 8839 section 5.1]" },
		{ MINIMAL AUDIO,
		  "6/1 a=rtpmap 111 is opus, with 48000 ticks a second and 2 channels: "
		  "speech and music at 6 to 510 kbit/s [RFC 8866 section 6.6; RFC 7587]" },
		{ MINIMAL AUDIO "a=rtpmap:126 what/8000/1\r\n",
		  "7/1 a=rtpmap 126 is what, with 8000 ticks a second and 1 channel [RFC 8866 "
		  "section "
		  "6.6]" },
		{ MINIMAL "m=audio 9 RTP/AVP 35\r\na=rtpmap :35 x/1\r\n",
		  "6/1 a=rtpmap  UNKNOWN  [RFC 8866 section 5.13]" },
		{ MINIMAL "m=audio 9 RTP/AVP 35\r\na= candidate:x\r\n",
		  "6/1 a= candidate UNKNOWN  [RFC 8866 section 5.13]" },
		{ MINIMAL "a=ice-pacing:20\r\n", "5/0 a=ice-pacing  [RFC 8839 section 5.5]" },
		{ MINIMAL "a=ice-lite \t\r\n", "5/0 a=ice-lite  [RFC 8839 section 5.3]" },
		{ MINIMAL AUDIO "a=rtpmap:99 what/8000\r\n",
		  "7/1 a=rtpmap  [RFC 8866 section 6.6] {left out: its payload type is not on the "
		  "m-line}" },
		{ MINIMAL AUDIO "a=fmtp:111 usedtx=1; what\r\n",
		  "7/1 a=fmtp UNKNOWN 111 is opus; usedtx=1 (1: wants silence not to be sent); "
		  "what "
		  "(nobody here knows it) [RFC 8866 section 6.15; RFC 7587 section 6.1]" },
		{ MINIMAL AUDIO "a=fmtp:111 profile-level-id=42e01f;cbr=1\r\n",
		  "7/1 a=fmtp UNKNOWN 111 is opus; profile-level-id=42e01f (nobody here knows it); "
		  "cbr=1 "
		  "(1: wants a constant bit rate) [RFC 8866 section 6.15; RFC 7587 section 6.1]" },
		{ MINIMAL AUDIO "a=extmap:2 urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on\r\n",
		  "7/1 a=extmap 2 is how loud the packet is [RFC 8285 section 5; RFC 6464 section "
		  "4]" },
		{ MINIMAL AUDIO "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n",
		  "8/1 a=fmtp 63 is red; 111/111 (payload types of the copies, then of what is "
		  "new) [RFC "
		  "8866 section 6.15; RFC 2198 section 5]" },
		{ MINIMAL AUDIO "a=fmtp:63 111/111\r\n",
		  "7/1 a=fmtp 63 is what nobody says [RFC 8866 section 6.15]" },
		{ MINIMAL AUDIO "a=fmtp:99 x\r\n",
		  "7/1 a=fmtp  [RFC 8866 section 6.15] {left out: its payload type is not on the "
		  "m-line}" },
		{ MINIMAL VIDEO "a=fmtp:97 apt=96\r\n",
		  "9/1 a=fmtp 97 is rtx; apt=96 (the payload type that is sent again); 96 is VP8 "
		  "[RFC "
		  "8866 section 6.15; RFC 4588 section 8.6]" },
		{ MINIMAL VIDEO "a=fmtp:97 apt=98\r\n",
		  "9/1 a=fmtp 97 is rtx; apt=98 (the payload type that is sent again); 98 is not "
		  "on the "
		  "m-line [RFC 8866 section 6.15; RFC 4588 section 8.6]" },
		{ MINIMAL VIDEO "a=fmtp:97 apt=35\r\n",
		  "9/1 a=fmtp 97 is rtx; apt=35 (the payload type that is sent again); 35 is not "
		  "on the "
		  "m-line [RFC 8866 section 6.15; RFC 4588 section 8.6]" },
		{ MINIMAL VIDEO "a=fmtp:102 packetization-mode=1\r\n",
		  "9/1 a=fmtp 102 is H264; packetization-mode=1 (0: a NAL unit a packet; 1: "
		  "several, or "
		  "parts of one) [RFC 8866 section 6.15; RFC 6184 section 8.1]" },
		{ MINIMAL VIDEO "a=fmtp:102 profile-level-id=42e01f\r\n",
		  "9/1 a=fmtp 102 is H264; profile-level-id=42e01f (which tools of H.264, and how "
		  "large "
		  "and fast); that is constrained baseline, level 3.1 [RFC 8866 section 6.15; RFC "
		  "6184 "
		  "section 8.1]" },
		{ MINIMAL VIDEO "a=fmtp:102 profile-level-id=00000a\r\n",
		  "9/1 a=fmtp 102 is H264; profile-level-id=00000a (which tools of H.264, and how "
		  "large "
		  "and fast); that is no named profile, level 1.0 [RFC 8866 section 6.15; RFC 6184 "
		  "section 8.1]" },
		{ MINIMAL VIDEO "a=fmtp:102 profile-level-id=x\r\n",
		  "9/1 a=fmtp 102 is H264; profile-level-id=x (which tools of H.264, and how large "
		  "and "
		  "fast) [RFC 8866 section 6.15; RFC 6184 section 8.1]" },
		{ MINIMAL VIDEO "a=rtcp-fb:96 nack pli\r\n",
		  "9/1 a=rtcp-fb 96 is VP8; the receiver says that it lost a picture (PLI) [RFC "
		  "4585 "
		  "section 4.2; RFC 4585 section 6.3.1]" },
		{ MINIMAL VIDEO "a=rtcp-fb:* ccm tmmbr smaxpr=120\r\n",
		  "9/1 a=rtcp-fb all payload types; the receiver limits the bit rate (TMMBR) [RFC "
		  "4585 "
		  "section 4.2; RFC 5104 section 4.2.1]" },
		{ MINIMAL VIDEO "a=rtcp-fb:96 trr-int 100\r\n",
		  "9/1 a=rtcp-fb 96 is VP8; the shortest time between two regular reports, in ms "
		  "[RFC "
		  "4585 section 4.2]" },
		{ MINIMAL VIDEO "a=rtcp-fb:96 trr-int\r\n",
		  "9/1 a=rtcp-fb UNKNOWN 96 is VP8; trr-int, which nobody here knows [RFC 4585 "
		  "section "
		  "4.2]" },
		{ MINIMAL VIDEO "a=rtcp-fb:99 nack\r\n",
		  "9/1 a=rtcp-fb  [RFC 4585 section 4.2] {left out: its payload type is not on the "
		  "m-line}" },
		{ MINIMAL VIDEO "a=extmap:3/recvonly urn:3gpp:video-orientation\r\n",
		  "9/1 a=extmap 3 is how the camera is turned (recvonly) [RFC 8285 section 5; 3GPP "
		  "TS "
		  "26.114 section 7.4.5]" },
		{ MINIMAL VIDEO "a=extmap:3 urn:ietf:params:rtp-hdrext:encrypt urn:what\r\n",
		  "9/1 a=extmap UNKNOWN 3 is an extension that is encrypted: urn:what, which "
		  "nobody here "
		  "knows [RFC 8285 section 5; RFC 6904 section 4]" },
		{ MINIMAL VIDEO "a=extmap:3 urn:ietf:params:rtp-hdrext:encrypt\r\n",
		  "9/1 a=extmap 3 is an extension that is encrypted [RFC 8285 section 5; RFC 6904 "
		  "section "
		  "4]" },
		{ MINIMAL VIDEO "a=msid:- t\r\n",
		  "9/1 a=msid no stream, track t [RFC 8830 section 2]" },
		{ MINIMAL VIDEO "a=msid:s\r\n", "9/1 a=msid stream s [RFC 8830 section 2]" },
		{ MINIMAL VIDEO "a=ssrc:7 cname:c d\r\n",
		  "9/1 a=ssrc 7 has the name that all sources of one clock share: c d [RFC 5576 "
		  "section "
		  "4.1; RFC 5576 section 6.1]" },
		{ MINIMAL VIDEO "a=ssrc:7 what\r\n",
		  "9/1 a=ssrc UNKNOWN 7 has what, which nobody here knows [RFC 5576 section 4.1]" },
		{ MINIMAL VIDEO "a=ssrc-group:FID 7 8\r\n",
		  "9/1 a=ssrc-group 7 8: the second sends packets of the first again (RTX) [RFC "
		  "5576 "
		  "section 4.2]" },
		{ MINIMAL VIDEO "a=rid:h send pt=96;max-width=9\r\n",
		  "9/1 a=rid h is sent; pt=96 (the payload types it may have); max-width=9 "
		  "(pixels) [RFC "
		  "8851 section 4; RFC 8851 section 5]" },
		{ MINIMAL VIDEO "a=rid:h recv\r\n",
		  "9/1 a=rid h is received [RFC 8851 section 4]" },
		{ MINIMAL VIDEO "a=simulcast:send h,~m;l recv x\r\n",
		  "9/1 a=simulcast sends h or m (paused), l; receives x [RFC 8853 section 5.1]" },
	};
	struct heard h;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		assert_string_equal(last(&h, rows[i].text), rows[i].told);
}

static void bundle_only_says_why_a_port_is_0(void **state)
{
	struct heard h;

	(void)state;
	(void)last(&h, MINIMAL "m=audio 0 RTP/AVP 0\r\na=bundle-only\r\n");
	assert_non_null(strstr(h.text, "port 0: only as part of its bundle"));
}

static void a_remark_is_made_where_it_belongs_and_blank_lines_are_none(void **state)
{
	struct heard h;

	(void)state;
	(void)last(&h, "v=0\r\n\r\no=- 1 2 IN IP4 0.0.0.0\r\nk=x\r\ns=-\r\nk=y\r\n");
	assert_string_equal(
		h.text,
		"1/0 v=  [RFC 8866 section 5.1]\n"
		"3/0 o= session 1 in version 2, by nobody named at 0.0.0.0 [RFC 8866 section 5.2]\n"
		"4/0 k= SECRET  [RFC 8866 section 5.12] {left out: keys do not belong here, "
		"RFC 8866 section 5.12}\n"
		"5/0 s=  [RFC 8866 section 5.3]\n"
		"6/0 k= SECRET  [RFC 8866 section 5.12] {left out: keys do not belong here, "
		"RFC 8866 section 5.12}");
}

static void what_is_wrong_does_not_hide_what_follows(void **state)
{
	static const char text[] = "v=0\r\n"
				   "o=- x\r\n"
				   "\r\n"
				   "a=group:BUNDLE 0 1 1 2\r\n"
				   "m=audio x RTP/AVP 0\r\n"
				   "a=mid:1\r\n"
				   "m=audio 9 RTP/AVP 0\r\n"
				   "a=mid:2\r\n"
				   "a=ice-pwd:a:colon\r\n"
				   "m=video\0 9 RTP/AVP 96\r\n"
				   "a=sendonly\r\n"
				   "nothing";
	struct heard h;

	(void)state;
	assert_int_equal(explain(&h, text, sizeof text - 1), TAUT_E_SYNTAX);
	assert_string_equal(
		h.text,
		"1/0 v=  [RFC 8866 section 5.1]\n"
		"2/0 o=  [RFC 8866 section 5.2] !not a number of the range\n"
		"4/0 a=group  [RFC 5888 section 5] !no section has this mid\n"
		"4/0 a=group  [RFC 5888 section 5] !this section is bundled already\n"
		"5/1 m=  [RFC 8866 section 5.14] !not a number of the range\n"
		"6/1 a=mid  [RFC 5888 section 4]\n"
		"7/2 m= audio; RTP, not encrypted; port 9: none, ICE finds it; 1 payload type, the "
		"first is liked best [RFC 8866 section 5.14; RFC 3551]\n"
		"8/2 a=mid  [RFC 5888 section 4]\n"
		"9/2 a=ice-pwd SECRET  [RFC 8839 section 5.4] !not a credential of ICE\n"
		"10/2 m=  [RFC 8866 section 5.14] !a NUL byte\n"
		"11/2 a=sendonly  [RFC 8866 section 6.7]\n"
		"12/2  UNKNOWN  [] !not a line of a description\n");
}

static void an_empty_text_is_one_wrong_line(void **state)
{
	struct heard h;

	(void)state;
	assert_int_equal(explain(&h, "", 0), TAUT_E_SYNTAX);
	assert_int_equal(h.calls, 2);
	assert_int_equal(explain(&h, "a", 1), TAUT_E_SYNTAX);
	assert_int_equal(h.calls, 2);
}

static void the_first_mistake_is_the_one_that_is_returned(void **state)
{
	static const char text[] = MINIMAL "a=sctp\r\nm=audio 70000 RTP/AVP 0\r\na=setup:x\r\n";
	struct tt_sdp_error err, plain;
	struct tt_sdp *sdp;
	struct heard h = { .len = 0 };

	(void)state;
	assert_int_equal(tt_sdp_explain(&env, text, sizeof text - 1, &err, hear, &h),
			 TAUT_E_SYNTAX);
	assert_int_equal(tt_sdp_read(&sdp, &env, text, sizeof text - 1, &plain), TAUT_E_SYNTAX);
	assert_int_equal(err.err.line, 6);
	assert_int_equal(err.err.line, plain.err.line);
	assert_int_equal(err.err.column, plain.err.column);
	/* both point into the buffer that is theirs now */
	assert_ptr_equal(err.err.found, err.buf);
	assert_string_equal(err.err.found, "70000");
	assert_string_equal(err.err.expected, "a port, from 0 to 65535");
	assert_ptr_not_equal(err.err.expected, plain.err.expected);
}

/* What is told of a description that begins so and goes on with so many wrong lines. */
static int with_mistakes(struct heard *h, const char *begin, int count)
{
	char text[4096];
	size_t len = strlen(begin);

	memcpy(text, begin, len);
	for (int i = 0; i < count; i++, len += 11)
		memcpy(text + len, "a=setup:x\r\n", 11);
	return explain(h, text, len);
}

static void more_mistakes_than_64_are_too_many(void **state)
{
	struct heard h;

	(void)state;
	assert_int_equal(with_mistakes(&h, MINIMAL, 64), TAUT_E_SYNTAX);
	assert_int_equal(h.calls, 4 + 64);
	assert_int_equal(with_mistakes(&h, MINIMAL, 65), TAUT_E_LIMIT);
	assert_int_equal(h.calls, 0);
	/* those that are found at the end count, too */
	assert_int_equal(with_mistakes(&h, MINIMAL "a=group:BUNDLE 0\r\n", 63), TAUT_E_SYNTAX);
	assert_int_equal(with_mistakes(&h, MINIMAL "a=group:BUNDLE 0 1\r\n", 63), TAUT_E_LIMIT);
	assert_int_equal(with_mistakes(&h, "v=0\r\n", 63), TAUT_E_SYNTAX);
	assert_int_equal(with_mistakes(&h, "v=0\r\n", 64), TAUT_E_LIMIT);
}

static void a_limit_ends_reading_with_mistakes_too(void **state)
{
	struct tt_sdp_error err;
	struct tt_sdp *sdp;
	char *text = malloc(10000);

	(void)state;
	assert_non_null(text);
	memcpy(text, MINIMAL, sizeof MINIMAL);
	memset(text + sizeof MINIMAL - 1, 'a', 9000);
	assert_int_equal(tt_sdp_read_on(&sdp, &env, text, 9000, &err), TAUT_E_LIMIT);
	assert_null(sdp);
	free(text);
}

static void what_is_said_is_cut_where_it_is_too_long(void **state)
{
	char text[4096];
	struct heard h;

	(void)state;
	(void)snprintf(text, sizeof text, MINIMAL AUDIO "a=msid:%01500d %01500d\r\n", 1, 2);
	assert_int_equal(explain(&h, text, strlen(text)), 0);
	assert_non_null(strstr(h.text, "a=msid stream 000"));
	/* however much comes after what was cut */
	(void)snprintf(text, sizeof text, MINIMAL "a=ice-options:%0900d %0900d %0900d %0900d\r\n",
		       1, 2, 3, 4);
	assert_int_equal(explain(&h, text, strlen(text)), 0);
	assert_false(h.all_known);
	/* right behind the end as well */
	for (int n = 900; n < 1200; n += 8) {
		(void)snprintf(text, sizeof text, MINIMAL "a=ice-options:%01000d %0*d x y\r\n", 1, n, 2);
		assert_int_equal(explain(&h, text, strlen(text)), 0);
	}
	/* and names of attributes */
	(void)snprintf(text, sizeof text, MINIMAL "a=%0100d:x\r\n", 1);
	assert_int_equal(explain(&h, text, strlen(text)), 0);
	assert_non_null(strstr(h.text, "a=000"));
}

static void memory_may_run_out_at_each_point(void **state)
{
	static const char text[] = MINIMAL AUDIO "a=setup:x\r\na=setup:y\r\na=group:BUNDLE 7\r\n";
	struct tt_sdp_error err;
	struct heard h = { .len = 0 };
	struct tt_env tight;

	(void)state;
	for (size_t limit = 1; limit < 65536; limit += 64) {
		tt_env_init(&tight, NULL);
		tight.max_memory = limit;
		h.len = h.calls = 0;
		const int code = tt_sdp_explain(&tight, text, sizeof text - 1, &err, hear, &h);
		assert_int_equal(tight.memory, 0);
		if (code == TAUT_E_SYNTAX)
			break;
		assert_int_equal(code, TAUT_E_NOMEM);
		assert_int_equal(h.calls, 0);
	}
	assert_true(h.calls > 5);
}

static void a_word_with_more_behind_it_needs_that(void **state)
{
	(void)state;
	assert_null(tt_sdp_meaning(TT_SDP_OF_FEEDBACK, (struct tt_sdp_word){ "trr-int ", 8 }));
	assert_non_null(tt_sdp_meaning(TT_SDP_OF_FEEDBACK, (struct tt_sdp_word){ "trr-int 1", 9 }));
}

static void each_attribute_has_words_and_one_row(void **state)
{
	static const char *const names[] = { "rtcp-fb", "ice-pwd", "maxprate", "rtcp-xr",
					     "sendonly" };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(names); i++) {
		const struct tt_sdp_word w = { names[i], strlen(names[i]) };
		const struct tt_sdp_attribute *row = tt_sdp_attribute(w);
		assert_non_null(row);
		assert_string_equal(row->name, names[i]);
		assert_true(strlen(row->words) > 0 && strlen(row->spec) > 0);
		for (const struct tt_sdp_attribute *other = row + 1; other->name; other++)
			assert_string_not_equal(other->name, row->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_told_with_its_value),
		cmocka_unit_test(bundle_only_says_why_a_port_is_0),
		cmocka_unit_test(a_remark_is_made_where_it_belongs_and_blank_lines_are_none),
		cmocka_unit_test(what_is_wrong_does_not_hide_what_follows),
		cmocka_unit_test(an_empty_text_is_one_wrong_line),
		cmocka_unit_test(the_first_mistake_is_the_one_that_is_returned),
		cmocka_unit_test(more_mistakes_than_64_are_too_many),
		cmocka_unit_test(a_limit_ends_reading_with_mistakes_too),
		cmocka_unit_test(what_is_said_is_cut_where_it_is_too_long),
		cmocka_unit_test(memory_may_run_out_at_each_point),
		cmocka_unit_test(a_word_with_more_behind_it_needs_that),
		cmocka_unit_test(each_attribute_has_words_and_one_row),
	};

	tt_env_init(&env, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
