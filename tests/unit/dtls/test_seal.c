/* Records sealed and opened here, beside those of OpenSSL: RFC 6347 section 4.1, hostile case B12. */
#include "pair.h"

#include "dtls/dtls_state.h"

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
		assert_false(tt_dtls_poll_event(p.d[1], &e));
		assert_int_equal(tt_dtls_state(p.d[1]), TT_DTLS_CONNECTED);
		assert_refused(&p, record, n); /* though it counts */
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
	uint8_t first[1500], again[1500], ask[1500], data[100], buf[1500];
	size_t n, first_len = 0;
	struct pair p;
	(void)state;

	pair_init(&p, 15, NULL);
	pair_teach_both(&p);
	pair_start(&p);
	while (!p.connected[1]) {
		while ((n = tt_dtls_poll_send(p.d[0], p.sim.now, buf, sizeof buf)) > 0)
			tt_dtls_recv(p.d[1], p.sim.now, buf, n);
		pair_events(&p, 1);
		while ((n = tt_dtls_poll_send(p.d[1], p.sim.now, first, sizeof first)) > 0) {
			first_len = n;
			if (!p.connected[1])
				tt_dtls_recv(p.d[0], p.sim.now, first, n);
		}
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openssl_opens_what_is_sealed_here),
		cmocka_unit_test(what_openssl_seals_is_opened_here),
		cmocka_unit_test(no_bit_of_a_record_can_change),
		cmocka_unit_test(each_record_is_taken_once_in_any_order),
		cmocka_unit_test(an_empty_record_is_no_data),
		cmocka_unit_test(a_goodbye_after_data_is_heard),
		cmocka_unit_test(a_last_flight_that_is_sent_again_goes_on_counting),
		cmocka_unit_test(nonces_go_on_where_openssl_stopped),
		cmocka_unit_test(without_numbers_nothing_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
