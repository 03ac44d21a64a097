/* samples.c - see samples.h. */
#include "hostile/samples.h"

#include "hostile/craft.h"

struct sample samples[SAMPLES_MOST];
size_t sample_count;

static struct sample *add(const char *name, size_t len)
{
	assert_true(sample_count < SAMPLES_MOST);
	struct sample *s = &samples[sample_count++];

	memset(s, 0, sizeof *s);
	s->name = name;
	s->len = len;
	return s;
}

static void add_stun(struct hostile *h)
{
	static const struct {
		const char *name;
		enum tt_stun_class cls;
		uint16_t method;
	} these[] = {
		{ "Binding request", TT_STUN_REQUEST, TT_STUN_BINDING },
		{ "Binding answer", TT_STUN_SUCCESS, TT_STUN_BINDING },
		{ "Binding error", TT_STUN_ERROR, TT_STUN_BINDING },
		{ "Binding indication", TT_STUN_INDICATION, TT_STUN_BINDING },
		{ "Allocate request", TT_STUN_REQUEST, 3 },
		{ "Refresh answer", TT_STUN_SUCCESS, 4 },
		{ "Send indication", TT_STUN_INDICATION, 6 },
		{ "Data indication", TT_STUN_INDICATION, 7 },
		{ "CreatePermission error", TT_STUN_ERROR, 8 },
		{ "ChannelBind answer", TT_STUN_SUCCESS, 9 },
	};

	for (size_t i = 0; i < TT_COUNT(these); i++) {
		struct sample *s = add(these[i].name, 0);
		struct wr w = wr_make(s->data, SAMPLE_MOST);
		tt_stun_begin(&w, these[i].cls, these[i].method, (const uint8_t *)"0123456789ab");
		tt_stun_put(&w, TT_STUN_USERNAME, "abcd:efgh", 9);
		tt_stun_put_u32(&w, TT_STUN_PRIORITY, 77);
		tt_stun_put_u64(&w, TT_STUN_ICE_CONTROLLED, 5);
		tt_stun_put_error(&w, 487, "Role Conflict");
		tt_stun_put_unknown(&w, (const uint16_t[]){ 5, 6, 7 }, 3);
		tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS,
				 &(struct taut_addr){ .family = 6 });
		if (these[i].cls == TT_STUN_REQUEST)
			craft_sign_request(h, &w);
		else
			craft_sign_answer(h, &w);
		s->len = tt_stun_finish(&w);
		s->keeps_alive =
			these[i].cls == TT_STUN_INDICATION && these[i].method == TT_STUN_BINDING;
	}
}

static void add_dtls(void)
{
	static const uint8_t types[] = { DTLS_CCS, DTLS_ALERT, DTLS_DATA, 24, 25, 63 };
	static const uint8_t body[100] = { 2, 40 };
	struct sample *s = add("ClientHello", 0);

	s->shakes = true;
	s->len = craft_hello(s->data);
	s = add("handshake fragment", 0);
	s->shakes = true;
	s->len = craft_fragment(s->data, 11, 3000, 1, 0, sizeof body, body, sizeof body);
	/* The next message of either, and it is wrong. */
	for (uint8_t server = 0; server < 2; server++) {
		s = add(server ? "ServerHello" : "Certificate", 0);
		s->shakes = true;
		s->len = craft_fragment(s->data, server ? 2 : 11, sizeof body, !server, 0,
					sizeof body, body, sizeof body);
	}
	for (size_t i = 0; i < TT_COUNT(types); i++) {
		s = add("DTLS record", 0);
		s->shakes = true;
		s->len = craft_record(s->data, types[i], types[i] == DTLS_DATA, 9, body,
				      types[i] == DTLS_ALERT ? 2 : sizeof body);
	}
}

static void add_media(void)
{
	struct sample *s = add("SRTP", 0);
	struct wr w = craft_rtp(s->data, SAMPLE_MOST, 96, 7, 9, 0x1234);

	wr_bytes(&w, "payload...........", 18);
	s->len = w.off;
	s = add("SRTP with an extension", 0);
	w = craft_rtp(s->data, SAMPLE_MOST, 96, 7, 9, 0x1234);
	s->data[0] |= 0x31; /* padding, an extension and a source */
	wr_bytes(&w, "\0\0\0\1\xbe\xde\0\1\x10\0\0\0payload...........\1", 29);
	s->len = w.off;
	s = add("SRTP with the two-byte extension", 0);
	w = craft_rtp(s->data, SAMPLE_MOST, 96, 7, 9, 0x1234);
	s->data[0] |= 0x10;
	wr_bytes(&w, "\x10\0\0\2\1\2ab\2\0\0\0payload...........", 30);
	s->len = w.off;
	for (unsigned type = 200; type <= 208; type++) {
		s = add("SRTCP", 0);
		w = wr_make(s->data, SAMPLE_MOST);
		wr_u8(&w, type == 206 ? 0x8f : 0x81);
		wr_u8(&w, type == 208 ? 192 : (uint8_t)type);
		wr_u16(&w, 12);
		for (uint8_t i = 0; i < 48 + 14; i++) /* its body, the index and a tag */
			wr_u8(&w, i);
		s->len = w.off;
	}
}

static void add_others(void)
{
	static const uint8_t first[] = { 0, 4, 0x13, 0x40, 0x4f, 0x7f, 0xc0, 0xff };

	for (size_t i = 0; i < TT_COUNT(first); i++)
		add("odd first octet", 40)->data[0] = first[i];
}

void samples_make(struct hostile *h)
{
	sample_count = 0;
	add_stun(h);
	add_dtls();
	add_media();
	add_others();
}
