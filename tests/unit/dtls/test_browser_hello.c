/* ClientHellos of real browsers: 1.4 KB in two datagrams, because of a post-quantum key share. */
#include "pair.h"

#include <jansson.h>

static size_t unhex(const char *text, uint8_t *out, size_t cap)
{
	size_t n = 0;

	for (; text[0] && text[1] && n < cap; text += 2) {
		const char pair[3] = { text[0], text[1], 0 };
		out[n++] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return n;
}

/* The number of datagrams that the server answers, and the type of the first message in them. */
static unsigned answer(struct pair *p, uint8_t *first)
{
	uint8_t buf[2048];
	unsigned n = 0;
	size_t len;

	while ((len = tt_dtls_poll_send(p->d[1], p->sim.now, buf, sizeof buf)) > 0)
		if (n++ == 0)
			*first = len > 13 ? buf[13] : 0;
	return n;
}

static void a_hello_in_two_datagrams_is_answered_in_any_order(void **state)
{
	json_t *file = json_load_file(TAUT_SOURCE_DIR "/tests/vectors/dtls-hello.json", 0, NULL);
	json_t *vectors = json_object_get(file, "vectors"), *v;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(vectors), 2);
	json_array_foreach(vectors, i, v)
	{
		uint8_t part[2][2048];
		size_t len[2];
		json_t *d = json_object_get(v, "datagrams");

		print_message("%s\n", json_string_value(json_object_get(v, "name")));
		for (size_t k = 0; k < 2; k++)
			len[k] = unhex(json_string_value(json_array_get(d, k)), part[k],
				       sizeof part[k]);
		for (int early = 0; early < 2; early++)
			for (size_t swap = 0; swap < 2; swap++) {
				struct pair p;
				uint8_t first = 0;

				pair_init(&p, 21, NULL);
				if (!early)
					tt_dtls_start(p.d[1], p.sim.now, false, 0);
				tt_dtls_recv(p.d[1], p.sim.now, part[swap], len[swap]);
				assert_int_equal(answer(&p, &first), 0);
				tt_dtls_recv(p.d[1], p.sim.now, part[!swap], len[!swap]);
				if (early)
					tt_dtls_start(p.d[1], p.sim.now, false, 0);
				assert_true(answer(&p, &first) > 0);
				assert_int_equal(first,
						 2); /* ServerHello: no cookie is asked for */
				assert_int_equal(tt_dtls_state(p.d[1]), TT_DTLS_HANDSHAKE);
				pair_free(&p);
			}
	}
	json_decref(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hello_in_two_datagrams_is_answered_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
