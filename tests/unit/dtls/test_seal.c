/* Records sealed and opened here, beside those of OpenSSL: RFC 6347 section 4.1, hostile case B12. */
#include "pair.h"

#include <openssl/crypto.h>

#include "dtls/dtls_state.h"

/* ---- memory of OpenSSL that fails, once ---- */

static long fail_at = -1, calls;

static bool fails(void)
{
	return fail_at >= 0 && calls++ == fail_at;
}

static void *get(size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return fails() ? NULL : malloc(n);
}

static void *get_again(void *p, size_t n, const char *file, int line)
{
	(void)file, (void)line;
	if (n == 0) {
		free(p);
		return NULL;
	}
	return fails() ? NULL : realloc(p, n);
}

static void give_back(void *p, const char *file, int line)
{
	(void)file, (void)line;
	free(p);
}

enum { ALERT = 21, HANDSHAKE = 22, DATA = 23 };

static const char *const suites[] = { "ECDHE-ECDSA-AES128-GCM-SHA256",
				      "ECDHE-ECDSA-AES256-GCM-SHA384",
				      "ECDHE-ECDSA-CHACHA20-POLY1305" };
enum { SUITES = 3 };

static void begin(struct pair *p, int suite)
{
	pair_init(p, (uint64_t)suite + 1, NULL);
	for (int i = 0; i < 2; i++)
		assert_int_equal(SSL_set_cipher_list(p->d[i]->ssl, suites[suite]), 1);
	pair_connect(p);
	assert_string_equal(tt_dtls_cipher_name(p->d[0]), suites[suite]);
}

/* A record's number, its epoch in front. */
static uint64_t number_of(const uint8_t *record)
{
	struct rd r = rd_make(record + 3, 8);

	return rd_u64(&r);
}

static size_t protect(struct pair *p, int from, const void *data, size_t len, uint8_t *out)
{
	const size_t n = tt_dtls_protect(p->d[from], p->sim.now, data, len, out, 2048);

	assert_true(n > len);
	return n;
}

/* What OpenSSL makes of a record that d got. Its length, or 0. */
static size_t read_by_openssl(struct tt_dtls *d, const uint8_t *record, size_t len, uint8_t *out)
{
	size_t got = 0;

	assert_int_equal(SSL_alloc_buffers(d->ssl), 1);
	d->record = record;
	d->record_len = len;
	if (SSL_read_ex(d->ssl, out, 2048, &got) != 1)
		got = 0;
	ERR_clear_error();
	return got;
}

static void openssl_opens_what_is_sealed_here(void **state)
{
	uint8_t data[TT_DTLS_SEND_MAX], record[2 * TT_DTLS_SEND_MAX], got[TT_DTLS_SEND_MAX];
	struct pair p;
	(void)state;

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 7);
	for (int suite = 0; suite < SUITES; suite++) {
		begin(&p, suite);
		for (size_t len = 1; len <= sizeof data; len += len < 70 ? 1 : 97) {
			const size_t n = tt_dtls_protect(p.d[0], p.sim.now, data, len, record,
							 sizeof record);
			assert_int_equal(n, len + 29 + (suite < 2 ? 8 : 0));
			assert_int_equal(read_by_openssl(p.d[1], record, n, got), len);
			assert_memory_equal(got, data, len);
			record[n - 1] ^= 1; /* and it does look */
			assert_int_equal(read_by_openssl(p.d[1], record, n, got), 0);
		}
		pair_free(&p);
	}
}

/* The last datagram that OpenSSL wrote, as it wrote it. */
static size_t seal_by_openssl(struct tt_dtls *d, const void *data, size_t len, uint8_t *out)
{
	const struct tt_dtls_records kept = d->records;
	size_t done, n;

	d->records.ready = false;
	assert_int_equal(SSL_alloc_buffers(d->ssl), 1);
	assert_int_equal(SSL_write_ex(d->ssl, data, len, &done), 1);
	d->records = kept;
	n = tt_dtls_poll_send(d, d->now, out, 4096);
	assert_true(n > len);
	return n;
}

static void what_openssl_seals_is_opened_here(void **state)
{
	uint8_t data[1200], record[4096];
	struct tt_dtls_event e;
	struct pair p;
	(void)state;

	memset(data, 'x', sizeof data);
	for (int suite = 0; suite < SUITES; suite++) {
		begin(&p, suite);
		for (size_t len = 1; len < sizeof data; len += len < 70 ? 1 : 97) {
			const size_t n = seal_by_openssl(p.d[1], data, len, record);
			tt_dtls_recv(p.d[0], p.sim.now, record, n);
			assert_true(tt_dtls_poll_event(p.d[0], &e));
			assert_int_equal(e.type, TT_DTLS_EV_DATA);
			assert_int_equal(e.len, len);
			assert_memory_equal(e.data, data, len);
			assert_false(tt_dtls_poll_event(p.d[0], &e));
		}
		pair_free(&p);
	}
}

/* Counted, and nothing else comes of it. */
static void assert_refused(struct pair *p, const uint8_t *record, size_t len)
{
	const struct tt_dtls_records before = p->d[1]->records;
	const uint64_t drops = p->sim.env[1].drops[TAUT_DROP_DTLS_NOT_OPENED];
	struct tt_dtls_event e;

	tt_dtls_recv(p->d[1], p->sim.now, record, len);
	assert_false(tt_dtls_poll_event(p->d[1], &e));
	assert_int_equal(p->sim.env[1].drops[TAUT_DROP_DTLS_NOT_OPENED], drops + 1);
	assert_memory_equal(&p->d[1]->records, &before, sizeof before);
}

static void assert_taken(struct pair *p, const uint8_t *record, size_t len)
{
	struct tt_dtls_event e;

	tt_dtls_recv(p->d[1], p->sim.now, record, len);
	assert_true(tt_dtls_poll_event(p->d[1], &e));
	assert_int_equal(e.type, TT_DTLS_EV_DATA);
	assert_false(tt_dtls_poll_event(p->d[1], &e));
}

static void no_bit_of_a_record_can_change(void **state)
{
	uint8_t record[2048];
	struct pair p;
	(void)state;

	for (int suite = 0; suite < SUITES; suite++) {
		begin(&p, suite);
		const size_t n = protect(&p, 0, "whole", 5, record);
		for (size_t bit = 8 * 13; bit < 8 * n; bit++) {
			record[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_refused(&p, record, n);
			record[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		/* of the header, what names another record of the same kind and epoch */
		for (size_t bit = 8 * 5; bit < 8 * 11; bit++) {
			record[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_refused(&p, record, n);
			record[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		record[2] ^= 1; /* DTLS 1.0's */
		assert_refused(&p, record, n);
		record[2] ^= 1;
		assert_taken(&p, record, n);
		pair_free(&p);
	}
}

static void each_record_is_taken_once_in_any_order(void **state)
{
	enum { MANY = 2 * TT_DTLS_WINDOW };
	static uint8_t records[MANY][64];
	size_t n = 0;
	struct pair p;
	(void)state;

	begin(&p, 0);
	for (int i = 0; i < MANY; i++)
		n = protect(&p, 0, "a", 1, records[i]);
	for (int i = TT_DTLS_WINDOW; i < MANY; i += 2) /* every other one, the last is missing */
		assert_taken(&p, records[i], n);
	for (int i = MANY - 3; i > TT_DTLS_WINDOW; i -= 2)
		assert_taken(&p, records[i], n);
	for (int i = TT_DTLS_WINDOW; i < MANY - 1; i++)
		assert_refused(&p, records[i], n);
	assert_taken(&p, records[TT_DTLS_WINDOW - 1], n); /* the window's last */
	assert_refused(&p, records[TT_DTLS_WINDOW - 2], n);
	assert_taken(&p, records[MANY - 1], n);
	pair_free(&p);
}

/* An empty record is allowed, RFC 5246 section 6.2.1, and says nothing. */
static void an_empty_record_is_no_data(void **state)
{
	uint8_t record[64];
	struct tt_dtls_event e;
	struct pair p;
	(void)state;

	for (int suite = 0; suite < SUITES; suite++) {
		begin(&p, suite);
		const size_t n = tt_dtls_seal(p.d[0], DATA, record, 0, record);
		tt_dtls_recv(p.d[1], p.sim.now, record, n);
		assert_int_equal(p.sim.env[1].drops[TAUT_DROP_DTLS_NOT_OPENED], 0);
		assert_false(tt_dtls_poll_event(p.d[1], &e));
		assert_int_equal(tt_dtls_state(p.d[1]), TT_DTLS_CONNECTED);
		assert_refused(&p, record, n); /* though it counts */
		pair_free(&p);
	}
}

/* Even if nobody had looked at its length before. */
static void what_is_too_short_for_nonce_and_tag_is_not_opened(void **state)
{
	uint8_t whole[64], out[64];
	struct tt_dtls_record rec;
	struct pair p;
	size_t got;
	(void)state;

	for (int suite = 0; suite < SUITES; suite++) {
		begin(&p, suite);
		const size_t n = tt_dtls_seal(p.d[0], DATA, whole, 0, whole);
		for (size_t len = 13; len <= n; len++) {
			uint8_t *exact = malloc(len);
			assert_non_null(exact);
			memcpy(exact, whole, len);
			exact[12] = (uint8_t)(len - 13);
			struct rd r = rd_make(exact, len);
			assert_true(tt_dtls_record_next(&r, &rec));
			assert_int_equal(tt_dtls_is_peers(p.d[1], &rec, out, &got), len == n);
			free(exact);
		}
		assert_int_equal(got, 0);
		pair_free(&p);
	}
}

/* ---- a provider that refuses one of its calls ---- */

static struct tt_cipher provider;
static int refused_call, cipher_calls;

static bool refuses(void)
{
	return cipher_calls++ == refused_call;
}

static int start(void *c, const unsigned char *key, size_t key_len, const unsigned char *iv,
		 size_t iv_len, const OSSL_PARAM params[])
{
	return refuses() ? 0 : provider.start(c, key, key_len, iv, iv_len, params);
}

static int update(void *c, unsigned char *out, size_t *n, size_t room, const unsigned char *in,
		  size_t len)
{
	return refuses() ? 0 : provider.update(c, out, n, room, in, len);
}

static int set(void *c, const OSSL_PARAM params[])
{
	return refuses() ? 0 : provider.set(c, params);
}

static int finish(void *c, unsigned char *out, size_t *n, size_t room)
{
	return refuses() ? 0 : provider.finish(c, out, n, room);
}

static void what_the_cipher_refuses_is_dropped_and_may_come_again(void **state)
{
	enum { CALLS = 5 }; /* nonce, header, tag, data, end */
	uint8_t record[64];
	struct pair p;
	(void)state;

	for (int suite = 0; suite < SUITES; suite++) {
		begin(&p, suite);
		struct tt_cipher *c = &p.d[1]->records.open;
		const size_t n = protect(&p, 0, "again", 5, record);
		provider = *c;
		c->start = start;
		c->update = update;
		c->set = set;
		c->finish = finish;
		for (refused_call = 0; refused_call < CALLS; refused_call++) {
			cipher_calls = 0;
			assert_refused(&p, record, n);
			assert_int_equal(cipher_calls, refused_call + 1);
		}
		cipher_calls = 0;
		assert_taken(&p, record, n);
		assert_int_equal(cipher_calls, CALLS);
		pair_free(&p);
	}
}

/* One row of numbers, though two count: OpenSSL says goodbye after data, to a peer that is all OpenSSL,
 * whose window has gone far beyond what OpenSSL counted here. */
static void a_goodbye_after_data_is_heard(void **state)
{
	uint8_t record[2048], got[2048];
	struct pair p;
	uint64_t last = 0;
	size_t n;
	(void)state;

	for (int suite = 0; suite < SUITES; suite++) {
		begin(&p, suite);
		for (int i = 0; i < 200; i++) {
			n = protect(&p, 0, "data", 4, record);
			assert_int_equal(read_by_openssl(p.d[1], record, n, got), 4);
			assert_true(number_of(record) > last || i == 0);
			last = number_of(record);
		}
		tt_dtls_close(p.d[0], p.sim.now);
		n = tt_dtls_poll_send(p.d[0], p.sim.now, record, sizeof record);
		assert_true(n > 0);
		assert_int_equal(record[0], ALERT);
		assert_int_equal(number_of(record), last + 1);
		assert_int_equal(read_by_openssl(p.d[1], record, n, got), 0);
		assert_true(SSL_get_shutdown(p.d[1]->ssl) & SSL_RECEIVED_SHUTDOWN);
		pair_free(&p);
	}
}

/* The record that is sealed: behind the ChangeCipherSpec, or alone. Epoch 0: there is none. */
static void finished_in(const uint8_t *datagram, size_t len, struct tt_dtls_record *out)
{
	struct rd r = rd_make(datagram, len);

	do
		assert_true(tt_dtls_record_next(&r, out));
	while (out->epoch == 0 && rd_left(&r) > 0);
	assert_true(out->epoch == 0 || out->type == HANDSHAKE);
}

/* RFC 6347 section 4.2.4: our last flight is lost, data goes meanwhile, and the peer asks again. It has
 * opened the data, so that OpenSSL's own number for the Finished would be one it has seen. */
static void a_last_flight_that_is_sent_again_goes_on_counting(void **state)
{
	uint8_t first[1500], again[1500], ask[1500], data[2048];
	size_t n, first_len;
	struct pair p;
	(void)state;

	pair_init(&p, 15, NULL);
	first_len = pair_connect_nearly(&p, first);
	n = protect(&p, 1, "INIT", 4, data);
	p.sim.now = tt_dtls_deadline(p.d[0], NULL);
	tt_dtls_tick(p.d[0], p.sim.now);
	while ((n = tt_dtls_poll_send(p.d[0], p.sim.now, ask, sizeof ask)) > 0)
		tt_dtls_recv(p.d[1], p.sim.now, ask, n);
	struct tt_dtls_record before, after = { 0 };
	finished_in(first, first_len, &before);
	while (after.epoch == 0) {
		n = tt_dtls_poll_send(p.d[1], p.sim.now, again, sizeof again);
		assert_true(n > 0);
		tt_dtls_recv(p.d[0], p.sim.now, again, n);
		finished_in(again, n, &after);
	}
	assert_int_equal(number_of(before.whole) + 1, number_of(data));
	assert_int_equal(number_of(after.whole), number_of(data) + 1);
	assert_int_equal(after.len, before.len);
	assert_memory_not_equal(after.body, before.body, 8);
	assert_memory_not_equal(after.body, data + 13, 8);
	pair_events(&p, 0);
	assert_true(p.connected[0]);
	pair_free(&p);
}

/* The peer's Finished and its goodbye overtake its ChangeCipherSpec: OpenSSL keeps both, and gives the
 * goodbye to whoever reads after the handshake. */
static void a_goodbye_that_overtakes_the_key_change_is_heard(void **state)
{
	uint8_t last[1500], bye[100];
	struct tt_dtls_record rec, all[8];
	size_t count = 0, bye_len;
	struct pair p;
	(void)state;

	pair_init(&p, 15, NULL);
	const size_t len = pair_connect_nearly(&p, last);
	tt_dtls_close(p.d[1], p.sim.now);
	bye_len = tt_dtls_poll_send(p.d[1], p.sim.now, bye, sizeof bye);
	assert_int_equal(bye[0], ALERT);
	struct rd r = rd_make(last, len);
	while (tt_dtls_record_next(&r, &rec))
		all[count++] = rec;
	for (size_t i = 0; i < count; i++)
		if (all[i].epoch == 1)
			tt_dtls_recv(p.d[0], p.sim.now, all[i].whole, all[i].whole_len);
	tt_dtls_recv(p.d[0], p.sim.now, bye, bye_len);
	for (size_t i = 0; i < count; i++)
		if (all[i].epoch == 0)
			tt_dtls_recv(p.d[0], p.sim.now, all[i].whole, all[i].whole_len);
	pair_run(&p, p.sim.now + 60 * 1000 * MS);
	assert_true(p.connected[0]);
	assert_true(p.closed[0]);
	pair_free(&p);
}

/* As to the network: an answer of OpenSSL's for whose sealing there is no memory. */
static void an_answer_that_cannot_be_sealed_is_only_lost(void **state)
{
	static const uint8_t finished[24] = { 20, 0, 0, 12, 0, 5, 0, 0, 0, 0, 0, 12 };
	uint8_t last[1500], record[100];
	long round = 0, lost = 0;
	struct pair p;
	(void)state;

	for (bool all_well = false; !all_well; round++) {
		pair_init(&p, 15, NULL);
		const size_t len = pair_connect_nearly(&p, last);
		tt_dtls_recv(p.d[0], p.sim.now, last, len);
		pair_events(&p, 0);
		assert_true(p.connected[0]);
		const size_t n = tt_dtls_seal(p.d[0], HANDSHAKE, finished, sizeof finished, record);
		const unsigned flights = p.d[1]->flights;
		calls = 0;
		fail_at = round;
		tt_dtls_recv(p.d[1], p.sim.now, record, n);
		all_well = calls <= fail_at;
		fail_at = -1;
		pair_events(&p, 1);
		/* without buffers OpenSSL does not go on */
		assert_int_equal(p.failed[1], p.d[1]->flights == flights);
		lost += !all_well && !p.failed[1];
		pair_free(&p);
	}
	assert_true(lost > 0);
}

/* Hostile case B12: all that leaves an association, from the first to the last, is told apart. */
static void nonces_go_on_where_openssl_stopped(void **state)
{
	struct pair p;
	uint8_t record[64];
	(void)state;

	begin(&p, 0);
	struct tt_dtls *d = p.d[0];
	assert_int_equal(d->records.number, 1); /* behind the Finished */
	const uint64_t first = d->records.nonce;
	for (uint64_t i = 0; i < 300; i++) {
		protect(&p, 0, "a", 1, record);
		struct rd nonce = rd_make(record + 13, 8);
		assert_true(rd_u64(&nonce) == first + i);
		assert_true(number_of(record) == (UINT64_C(1) << 48) + 1 + i);
	}
	pair_free(&p);
}

enum { MANY = 4096 };

struct seen {
	uint64_t number[MANY], nonce[MANY];
	size_t n;
};

static void note(struct seen *s, const uint8_t *buf, size_t len)
{
	struct rd all = rd_make(buf, len);
	struct tt_dtls_record rec;

	while (tt_dtls_record_next(&all, &rec)) {
		if (rec.epoch != 1)
			continue;
		struct rd a = rd_make(rec.whole + 5, 6), b = rd_make(rec.body, rec.len);
		const uint64_t number = rd_be(&a, 6), nonce = rd_u64(&b);
		for (size_t i = 0; i < s->n; i++) {
			assert_true(s->number[i] != number);
			assert_true(s->nonce[i] != nonce);
		}
		assert_true(s->n < MANY);
		s->number[s->n] = number;
		s->nonce[s->n++] = nonce;
	}
}

/* All that leaves, with losses and full queues: no number and no nonce twice. */
static void no_number_leaves_twice(void **state)
{
	static struct seen seen[2];
	unsigned connected = 0, records = 0;
	(void)state;

	for (unsigned seed = 1; seed <= 100; seed++) {
		uint32_t x = seed * 2654435761u | 1;
		uint8_t buf[2048];
		struct pair p;
		size_t n;
		memset(seen, 0, sizeof seen);
		pair_init(&p, seed, NULL);
		pair_teach_both(&p);
		pair_start(&p);
		for (int step = 0; step < 120; step++) {
			for (int i = 0; i < 2; i++) {
				x = x * 1664525 + 1013904223;
				/* now and then there is no place for what OpenSSL says */
				p.d[i]->out.cap = (x >> 24) % 4 == 0 ? p.d[i]->out.len : 8192;
				while ((n = tt_dtls_poll_send(p.d[i], p.sim.now, buf, sizeof buf)) >
				       0) {
					note(&seen[i], buf, n);
					x = x * 1664525 + 1013904223;
					if ((x >> 24) % 3 != 0) {
						p.d[!i]->out.cap = (x >> 16) % 5 == 0
									   ? p.d[!i]->out.len
									   : 8192;
						tt_dtls_recv(p.d[!i], p.sim.now, buf, n);
						pair_events(&p, !i);
					}
				}
				if (tt_dtls_state(p.d[i]) == TT_DTLS_CONNECTED) {
					n = tt_dtls_protect(p.d[i], p.sim.now, "data", 4, buf,
							    sizeof buf);
					note(&seen[i], buf, n);
				}
			}
			p.sim.now += 50 * MS;
			for (int i = 0; i < 2; i++)
				tt_dtls_tick(p.d[i], p.sim.now);
		}
		for (int i = 0; i < 2; i++) {
			tt_dtls_close(p.d[i], p.sim.now);
			while ((n = tt_dtls_poll_send(p.d[i], p.sim.now, buf, sizeof buf)) > 0)
				note(&seen[i], buf, n);
			connected += p.connected[i];
			records += (unsigned)seen[i].n;
		}
		pair_free(&p);
	}
	assert_true(connected > 100 && records > 10000);
}

static void without_numbers_nothing_leaves(void **state)
{
	struct pair p;
	uint8_t record[64];
	(void)state;

	begin(&p, 0);
	p.d[0]->records.number = (UINT64_C(1) << 48) - 1;
	protect(&p, 0, "a", 1, record);
	assert_true(number_of(record) == (UINT64_C(2) << 48) - 1);
	assert_taken(&p, record, 13 + 8 + 1 + 16);
	assert_int_equal(tt_dtls_protect(p.d[0], p.sim.now, "a", 1, record, sizeof record), 0);
	pair_events(&p, 0);
	assert_true(p.failed[0]);
	pair_free(&p);
}

/* What a stranger wrote does not even make OpenSSL look for memory. */
static void a_forged_alert_without_memory_changes_nothing(void **state)
{
	static const uint8_t alert[39] = { 21, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 26 };
	uint8_t bye[100];
	struct pair p;
	(void)state;

	pair_init(&p, 1, NULL);
	pair_connect(&p);
	calls = fail_at = 0;
	tt_dtls_recv(p.d[0], p.sim.now, alert, sizeof alert);
	fail_at = -1;
	assert_int_equal(calls, 0);
	assert_int_equal(tt_dtls_state(p.d[0]), TT_DTLS_CONNECTED);
	tt_dtls_close(p.d[1], p.sim.now);
	const size_t n = tt_dtls_poll_send(p.d[1], p.sim.now, bye, sizeof bye);
	tt_dtls_recv(p.d[0], p.sim.now, bye, n);
	pair_events(&p, 0);
	assert_true(p.closed[0]);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openssl_opens_what_is_sealed_here),
		cmocka_unit_test(what_openssl_seals_is_opened_here),
		cmocka_unit_test(no_bit_of_a_record_can_change),
		cmocka_unit_test(each_record_is_taken_once_in_any_order),
		cmocka_unit_test(an_empty_record_is_no_data),
		cmocka_unit_test(what_is_too_short_for_nonce_and_tag_is_not_opened),
		cmocka_unit_test(what_the_cipher_refuses_is_dropped_and_may_come_again),
		cmocka_unit_test(a_goodbye_after_data_is_heard),
		cmocka_unit_test(a_last_flight_that_is_sent_again_goes_on_counting),
		cmocka_unit_test(a_goodbye_that_overtakes_the_key_change_is_heard),
		cmocka_unit_test(an_answer_that_cannot_be_sealed_is_only_lost),
		cmocka_unit_test(a_forged_alert_without_memory_changes_nothing),
		cmocka_unit_test(nonces_go_on_where_openssl_stopped),
		cmocka_unit_test(no_number_leaves_twice),
		cmocka_unit_test(without_numbers_nothing_leaves),
	};

	if (CRYPTO_set_mem_functions(get, get_again, give_back) != 1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
